package referral

import (
	"slices"

	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/report"
)

// The bodies of each tier with all below it: naming one removes it and those before it.
var (
	upToCommune  = []directory.Body{directory.Committee}
	upToDistrict = []directory.Body{directory.Committee, directory.DistrictOffice, directory.DistrictCommittee}
	upToProvince = []directory.Body{directory.Committee, directory.DistrictOffice, directory.DistrictCommittee, directory.ProvinceOffice,
		directory.ProvinceCommittee}
)

// removing gathers who must not be told, and for each body the reason in words.
type removing struct {
	Removal
	reasons map[directory.Body]string
	why     []string
}

func (x *removing) bodies(reason string, bodies []directory.Body) {
	for _, b := range bodies {
		if !slices.Contains(x.Bodies, b) {
			x.Bodies = append(x.Bodies, b)
			x.reasons[b] = reason
		}
	}
}

// removals works out who must not be told of a report from commune, which is empty when it is not known.
func removals(r report.Report, caller phone.Number, commune string, d *directory.Directory) removing {
	x := removing{Removal: Removal{Area: commune}, reasons: map[directory.Body]string{}}
	for _, official := range named(r) {
		x.official(official)
	}
	if !r.NotThem {
		// The caller was told who will be told; nobody below that may hear of it, whoever sits there.
		const promised = "the caller was told that it would not be told"
		switch r.Told {
		case "district":
			x.bodies(promised, upToCommune)
		case "province":
			x.bodies(promised, upToDistrict)
		}
	}
	if r.NotThem {
		const asked = "the caller asked that it is not told"
		switch r.Told {
		case "sexual", "district":
			x.bodies(asked, upToDistrict)
		case "province":
			x.bodies(asked, upToProvince)
		default:
			x.bodies(asked, upToCommune)
		}
	}
	if r.Says("by_whom", "teacher") {
		x.Roles = append(x.Roles, directory.School)
		x.why = append(x.why, "A teacher is named: nobody from a school is told.")
		if commune != "" && slices.ContainsFunc(everyone(directory.Committee, commune, d), func(o directory.Officer) bool {
			return Removal{Roles: []directory.Role{directory.School}}.IsRemoved(o, d)
		}) {
			x.bodies("the caller names a teacher, and somebody from a school sits on it", upToCommune)
		}
	}
	if rows := d.ByPhone(caller); !caller.IsZero() && len(rows) > 0 {
		for _, o := range rows {
			x.Removal = x.With(o.ID)
		}
		x.why = append(x.why, "The caller's own number is an officer's: that officer is not told.")
	}
	return x
}

// named lists the officials that the caller names, by choice or by her own words. An official who is not named further is "other".
func named(r report.Report) []string {
	officials := slices.Clone(r.Suggested["official"])
	switch {
	case r.Official != "":
		officials = append(officials, r.Official)
	case r.ByWhom == "official":
		officials = append(officials, "other")
	}
	return officials
}

// official removes those who are named as an official, their tier, and all below it.
func (x *removing) official(official string) {
	switch official {
	case "village_chief":
		x.bodies("the caller names the village chief", upToCommune)
		x.Roles = append(x.Roles, directory.VillageChief)
	case "commune_chief":
		x.bodies("the caller names the commune chief", upToCommune)
	case "committee":
		x.bodies("the caller names somebody on it", upToCommune)
	case "police":
		x.bodies("the caller names the police, who sit with it", upToCommune)
		x.Everywhere = append(x.Everywhere, directory.Police)
		x.Roles = append(x.Roles, directory.PolicePost)
		x.reasons[directory.Police] = "the caller names the police"
		x.why = append(x.why, "The police are named: no police contact is told.")
	default:
		x.bodies("the caller names another official, so that this starts at the province", upToDistrict)
	}
}

// everyone gives the officers of a body who serve a commune, at whatever level.
func everyone(body directory.Body, commune string, d *directory.Directory) []directory.Officer {
	var all []directory.Officer
	for _, area := range directory.Upward(commune) {
		all = append(all, d.At(body, area)...)
	}
	return all
}
