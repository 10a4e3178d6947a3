package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"chumrok/internal/seal"
)

type keysCommand struct {
	Generate keysGenerateCommand `cmd:"" help:"Make the key file, or the pair of a holder, whose private half is carried away."`
	Rotate   keysRotateCommand   `cmd:"" help:"Make a new key now and move everything to it, or the keys of months ahead."`
	Archive  keysArchiveCommand  `cmd:"" help:"Write out the sealed copies that only their holders can open."`
	Open     keysOpenCommand     `cmd:"" help:"Read sealed copies with a holder's private key; it needs neither database nor network."`
	Escrow   keysEscrowCommand   `cmd:"" help:"Write the escrow files of all months anew, for a recovery holder who is new."`
	Recover  keysRecoverCommand  `cmd:"" help:"Put lost keys back from escrow, with the recovery holder's private key."`
}

type keysGenerateCommand struct {
	Holder   string `help:"Make only the pair of this holder: case or recovery."`
	Private  string `placeholder:"DIR" help:"Where private halves are written, such as a memory stick: never this machine's own disk for long."`
	Case     string `placeholder:"FILE" help:"A file with the line that 'keys generate --holder case' printed."`
	Recovery string `placeholder:"FILE" help:"A file with the line that 'keys generate --holder recovery' printed."`
}

// Run makes keys.
func (k keysGenerateCommand) Run(c *call) error {
	config, problems := readConfig(c.env)
	if k.Private != "" {
		if err := apart(k.Private, config); err != nil {
			return err
		}
	}
	if k.Holder != "" {
		h, err := holderNamed(k.Holder)
		if err == nil && k.Private == "" {
			err = errors.New("give --private DIR, where the private half is written, to be carried away")
		}
		if err != nil {
			return err
		}
		line, err := k.pair(c, h)
		if err == nil {
			fmt.Fprintln(c.stream.out, line)
		}
		return err
	}
	if config.Keys == "" {
		return errors.New("CHUMROK_KEYS is not set: name the key file that is to be made")
	}
	if _, err := os.Lstat(config.Keys); err == nil {
		return fmt.Errorf("%s is there already: a new key file reads nothing that was sealed with it; move it away first, and keep it", config.Keys)
	}
	p, err := loadPack(config)
	if err != nil {
		return errors.Join(problems, err)
	}
	holders := map[seal.Holder]string{}
	for h, file := range map[seal.Holder]string{seal.CaseHolder: k.Case, seal.RecoveryHolder: k.Recovery} {
		if holders[h], err = k.public(c, h, file); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(config.Keys), 0o700); err != nil {
		return fmt.Errorf("making the folder of the key file: %w", err)
	}
	keys, err := seal.Create(config.Keys, c.now().In(p.Zone).Format(seal.MonthLayout), holders)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stream.out, "key file %s, keys of months in %s\nhand the files of %s to the recovery holder, now and each month\n",
		config.Keys, keys.EpochsFolder(), filepath.Join(filepath.Dir(config.Keys), "escrow"))
	return nil
}

// public is the public key of a holder out of a file, or of a pair that is made for him.
func (k keysGenerateCommand) public(c *call, h seal.Holder, file string) (string, error) {
	var line string
	switch {
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("reading the %s holder's public key: %w", h, err)
		}
		line = string(text)
	case k.Private != "":
		var err error
		if line, err = k.pair(c, h); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("the %s holder has no key yet: give --%s FILE with the line that 'keys generate --holder %s' printed on his own machine, or --private DIR to make his pair here", h, h, h)
	}
	words := strings.Fields(line)
	if len(words) != 2 || words[0] != string(h) {
		return "", fmt.Errorf("%s does not hold the line %s PUBLICKEY; copy it again as 'keys generate --holder %s' printed it", file, h, h)
	}
	return words[1], nil
}

// pair makes a holder's pair, and returns the line of its public half.
func (k keysGenerateCommand) pair(c *call, h seal.Holder) (string, error) {
	pair, err := seal.GenerateHolder(h)
	if err != nil {
		return "", err
	}
	file := filepath.Join(k.Private, string(h)+".key")
	if err := pair.Save(file, false); err != nil {
		return "", err
	}
	fmt.Fprintf(c.stream.err, "the private half of the %s holder (%s) is in %s: carry it away, keep two copies, and leave none here\n", h, pair.Fingerprint(), file)
	return string(h) + " " + pair.Public(), nil
}

func holderNamed(name string) (seal.Holder, error) {
	for _, h := range seal.Holders() {
		if string(h) == name {
			return h, nil
		}
	}
	return "", fmt.Errorf("%q is no holder: case or recovery", name)
}

// apart refuses a folder in which a gateway keeps its own things.
func apart(folder string, config Config) error {
	private, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	ours := []string{config.Data}
	if config.Keys != "" {
		ours = append(ours, filepath.Dir(config.Keys))
	}
	for _, own := range ours {
		if own, err = filepath.Abs(own); err != nil {
			return err
		}
		if private == own || strings.HasPrefix(private, own+string(filepath.Separator)) {
			return fmt.Errorf("--private %s is inside %s, which is the gateway's: give a folder that can be carried away", folder, own)
		}
	}
	return nil
}

type keysEscrowCommand struct{}

// Run writes escrow files anew.
func (keysEscrowCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	keys, err := seal.Load(config.Keys)
	if err != nil {
		return fmt.Errorf("reading the key file of CHUMROK_KEYS: %w", err)
	}
	names, err := keys.Escrow()
	for _, name := range names {
		fmt.Fprintln(c.stream.out, name)
	}
	return err
}

type keysRecoverCommand struct {
	Escrow string `required:"" placeholder:"DIR" help:"The folder with the escrow files."`
	Key    string `required:"" placeholder:"FILE" help:"The recovery holder's private key."`
}

// Run puts lost keys back.
func (k keysRecoverCommand) Run(c *call) error {
	config, _ := readConfig(c.env) // what else is wrong with it is not what is to be mended now
	if config.Keys == "" {
		return errors.New("CHUMROK_KEYS is not set: name the key file that is to be put back")
	}
	key, err := seal.LoadHolder(k.Key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(config.Keys), 0o700); err != nil {
		return fmt.Errorf("making the folder of the key file: %w", err)
	}
	back, err := seal.Recover(config.Keys, k.Escrow, key)
	for _, e := range back {
		fmt.Fprintf(c.stream.out, "put back: the key of %s (%s)\n", e.Month, e.Name())
	}
	if err == nil && len(back) == 0 {
		fmt.Fprintln(c.stream.out, "nothing was missing")
	}
	return err
}
