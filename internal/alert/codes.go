package alert

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The lengths of codes: what an officer writes about a referral or a hold, and what a reporter asks with. They differ, so that neither can be
// taken for the other.
const (
	ReferralDigits = 6
	ReporterDigits = 8
)

// damm is the table of a check digit that catches every single wrong digit and every two neighbours swapped: H. Michael Damm, "Total
// anti-symmetrische Quasigruppen", Marburg 2004. Officers copy codes by hand from one small screen to another.
var damm = [10][10]byte{
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// check runs the digits through the table: the check digit of digits without one, 0 for digits that end in the right one.
func check(digits string) byte {
	var c byte
	for _, d := range []byte(digits) {
		c = damm[c][d-'0']
	}
	return c
}

// ErrDigits says that a code of that length can't be made.
var ErrDigits = errors.New("a code has 2 to 18 digits")

// NewCode makes a code of that many digits out of rnd: the last digit is the check digit and the first is never 0. A code of ReporterDigits
// begins with no digit by which an officer's "2 CODE 3" or "4 CODE 1", written without spaces, could look like it.
// The caller sees to it that the code is not in use. The error is rnd's, or ErrDigits.
func NewCode(rnd io.Reader, digits int) (string, error) {
	if digits < 2 || digits > 18 {
		return "", ErrDigits
	}
	code := make([]byte, 0, digits)
	one := make([]byte, 1)
	for len(code) < digits-1 {
		if _, err := io.ReadFull(rnd, one); err != nil {
			return "", fmt.Errorf("making a code: %w", err)
		}
		if one[0] >= 250 { // so that every digit is as likely as the next
			continue
		}
		digit := '0' + one[0]%10
		if len(code) == 0 && strings.ContainsRune(neverFirst(digits), rune(digit)) {
			continue
		}
		code = append(code, digit)
	}
	return string(code) + string('0'+check(string(code))), nil
}

// ValidCode reports whether code could have come from NewCode: so many Latin digits, a right first one and the right check digit.
func ValidCode(code string, digits int) bool {
	if len(code) != digits || digits < 2 || digits > 18 || strings.Trim(code, "0123456789") != "" {
		return false
	}
	return !strings.Contains(neverFirst(digits), code[:1]) && check(code) == 0
}

func neverFirst(digits int) string {
	if digits == ReporterDigits {
		return "024"
	}
	return "0"
}
