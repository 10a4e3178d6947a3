// Package deploy carries the deployment pack that a gateway runs with when its operator names none: Cambodia, with a sample directory whose
// numbers can reach nobody. It only holds the files; package pack reads and checks them.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed cambodia
var packs embed.FS

// Cambodia returns the files of the default pack: pack.yaml and directory.csv at its top.
func Cambodia() fs.FS {
	files, err := fs.Sub(packs, "cambodia")
	if err != nil {
		panic(err) // the name is embedded above
	}
	return files
}
