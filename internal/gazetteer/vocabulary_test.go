package gazetteer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// elsewhereCSV is a country that is not: its unit words are its own, one of two words, one for two levels, one that means something
// else in Cambodia; and so are its names, some of which are Cambodian unit words, number words and fillers.
const elsewhereCSV = header +
	"01,province,Harmark,Harmark,Khan,current,\n" +
	"0101,district,Low Brink,Low Brink,Hundred,current,\n" +
	"010101,commune,Ashby,Ashby,Skerry,current,\n" +
	"010102,commune,Srok,Srok,Skerry,current,\n" +
	"010103,commune,Pi,Pi,Skerry,current,\n" +
	"010104,commune,Phum Ternley,Phum Ternley,Skerry,current,\n" +
	"0102,district,Orrest,Orrest,Free Burgh,current,\n" +
	"010201,commune,Ashby,Ashby,Skerry,current,\n" +
	"010202,commune,Muoy,Muoy,Ward,current,\n" +
	"010203,commune,Wardenfell,Wardenfell,Ward,current,\n" +
	"02,province,Quillmoor,Quillmoor,Free Burgh,current,\n" +
	"0201,district,Nov,Nov,Hundred,current,\n" +
	"020101,commune,Tol Vat,Tol Vat,Skerry,current,\n" +
	"020102,commune,Tuol Voat,Tuol Voat,Skerry,current,\n" +
	"020103,commune,Khang Ester,Khang Ester,Skerry,current,\n" +
	"020104,commune,Kampuchea,Kampuchea,Skerry,retired,020103\n"

// Nothing Cambodian is wired in: the unit words are those of the file.
func TestAnotherCountry(t *testing.T) {
	t.Parallel()
	g, err := Load(strings.NewReader(elsewhereCSV), "elsewhere.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ why, text, within, want string }{
		{"a name alone", "Wardenfell", "", "010203 sure"},
		{"a unit word before it", "skerry Ashby, hundred Low Brink", "", "010101 sure"},
		{"and behind it", "Ashby skerry Low Brink hundred", "", "010101 sure"},
		{"a unit word of two words", "Ashby, Free Burgh Orrest", "", "010201 sure"},
		{"written as one", "Ashby Freeburgh Orrest", "", "010201 sure"},
		{"a word of two levels, the other one", "free burgh Quillmoor", "", "020101 020102 020103 in 02"},
		{"joined to the name", "skerryashby lowbrink", "", "010101 sure"},
		{"but a name may start with one", "ward Wardenfell", "", "010203 sure"},
		{"a homonym is a list", "ASHBY Harmark", "", "010101 010201"},
		{"English unit words work everywhere", "Ashby commune, Orrest district", "", "010201 sure"},
		{"a Cambodian unit word is a name", "Srok, Low Brink", "", "010102 sure"},
		{"or stands for what the file says", "khan Harmark, skerry Srok", "", "010102 sure"},
		{"khum is no unit word", "khum", "", ""},
		{"a Cambodian number word is a name", "Pi, Low Brink", "", "010103 sure"},
		{"another", "ward Muoy", "", "010202 sure"},
		{"and no number", "ward 1", "", ""},
		{"a Cambodian filler is a name", "Tol Vat, Nov", "", "020101 sure"},
		{"words that are one in Cambodia are two", "Tuol Voat", "02", "020102 in 02 sure"},
		{"phum marks no village", "Phum Ternley", "", "010104 sure"},
		{"khang is not left out", "Khang Ester", "", "020103 sure"},
		{"a successor", "Kampuchea", "", "020103 sure followed"},
		{"a spelling that sounds alike", "Wardenfel", "", "010203 sure"},
		{"a near spelling", "Wordenfill", "", "010203"},
		{"a Cambodian alias is none", "Sihanoukville", "", ""},
		{"a code", "010202", "", "010202 sure"},
	} {
		if diff := cmp.Diff(tc.want, answer(g.Find(tc.text, tc.within))); diff != "" {
			t.Errorf("%s: Find(%q, %q): %s", tc.why, tc.text, tc.within, diff)
		}
	}
	if got := answer(g.Extract("my brother and i went to the skerry Wardenfell on sunday")); got != "" && got != "010203 sure" {
		t.Errorf("Extract = %s", got)
	}
	if got := answer(g.Extract("he waits at the ward Wardenfell every day")); got != "010203 sure" {
		t.Errorf("Extract = %s, want the ward Wardenfell", got)
	}
	// Loading one country changes nothing for another.
	if got := answer(Default().Find("khum Bavel", "")); got != "020401 sure" {
		t.Errorf("after it, khum Bavel = %s", got)
	}
}

func TestUnitsOfAFile(t *testing.T) {
	t.Parallel()
	_, err := Load(strings.NewReader(strings.Replace(elsewhereCSV, "Orrest,Free Burgh", "Orrest,", 1)), "g.csv")
	want := "g.csv:8: unit is empty; write what such a place is called, as in commune or Khum"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = Load(strings.NewReader(strings.Replace(small, "Kho,Khum", "Kho,Kum", 1)), "g.csv")
	want = `g.csv:5: unknown unit "Kum" for a commune; write Khum, Sangkat`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
