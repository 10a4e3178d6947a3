package store

import "regexp"

// machineMade is an id that a machine draws: a UUID, or 32 hex digits behind a prefix such as Twilio's SM or Africa's Talking's ATXid_. Nobody's
// number and nobody's words look like that.
var machineMade = regexp.MustCompile(`^([A-Za-z]{0,8}_?[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

// handingID is what a provider's id of a message is kept as. The provider chooses it, so it may be anything, a number or a text among it: what
// does not look drawn by a machine is kept as a blind index, which finds the message as well and can be read by nobody.
func (s *Store) handingID(provider, id string) string {
	if id == "" || machineMade.MatchString(id) {
		return id
	}
	return s.keys.Blind("handing", provider+"|"+id)
}
