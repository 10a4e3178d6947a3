package figures

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// under is what stands for a count that is not given out.
var under = "<" + strconv.Itoa(Least)

// Legend says what the sign for a hidden count means.
var Legend = under + " stands for a number under five, none among them, and for one that is hidden so that no such number can be worked out."

// String is the count, or the sign for one that is not given out.
func (c Count) String() string {
	if c.Hidden {
		return under
	}
	return strconv.Itoa(c.N)
}

// words are the median and the 90th percentile for people.
func (s Spell) words() (median, p90 string) {
	if s.Hidden {
		return under, under
	}
	return short(s.Median), short(s.P90)
}

// short writes a time in the one unit that fits it, at most five characters.
func short(d time.Duration) string {
	switch minutes := int64(d.Round(time.Minute) / time.Minute); {
	case minutes < 100:
		return fmt.Sprintf("%dm", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%dh", (minutes+30)/60)
	default:
		return fmt.Sprintf("%dd", (minutes+12*60)/(24*60))
	}
}

// minutes are the median and the 90th percentile for a spreadsheet.
func (s Spell) minutes() []string {
	if s.Hidden {
		return []string{under, under}
	}
	out := make([]string, 0, 2)
	for _, d := range []time.Duration{s.Median, s.P90} {
		out = append(out, strconv.FormatInt(int64(d.Round(time.Minute)/time.Minute), 10))
	}
	return out
}

// Plain is a cell of a spreadsheet that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front, and characters
// that break a cell are gone.
func Plain(cell string) string {
	cell = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cf, r): // or a formula could begin behind what shows nothing
			return -1
		}
		return r
	}, cell)
	if begins := strings.TrimLeft(cell, " \u00a0'\""); begins != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begins)[0]) {
		return "'" + cell
	}
	return cell
}

// Columns are the columns of the CSV, times in minutes.
var columns = []string{"by", "value", "label", "reports", "referred", "accepted_median", "accepted_p90", "seen_median", "seen_p90",
	"closed_median", "closed_p90"}

// CSV writes one row for the total and one for each value of each table; times are whole minutes. Rows and columns are the same for every
// deployment with the same lists, whatever was counted.
func (f Figures) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	write := func(by string, r Row) error {
		cells := []string{Plain(by), Plain(r.Code), Plain(r.Label), r.Reports.String(), r.Referred.String()}
		for _, s := range []Spell{r.Accept, r.See, r.Close} {
			cells = append(cells, s.minutes()...)
		}
		return out.Write(cells)
	}
	if err := out.Write(columns); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	if err := write("total", f.Total); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	for _, t := range f.Tables {
		for _, r := range t.Rows {
			if err := write(t.Name, r); err != nil {
				return fmt.Errorf("writing the figures: %w", err)
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}

// Widths of the terminal's columns; together they are 80.
const (
	labelWidth = 19
	barWidth   = 7
	// gathered is from how many hidden rows on a table says how many there are and not which: 18 lines of "<5" say no more.
	gathered = 4
)

// Text prints the figures for a terminal of 80 columns, with a bar beside each count.
func (f Figures) Text(w io.Writer) {
	fmt.Fprintf(w, "%s · %s · %s\n\n", f.Title, f.Period, f.Provinces)
	fmt.Fprintf(w, "%-*s %7s %-*s %8s %11s %11s %11s\n", labelWidth, "", "reports", barWidth, "", "referred", "accepted", "seen", "closed")
	fmt.Fprintf(w, "%-*s %7s %-*s %8s %5s %5s %5s %5s %5s %5s\n", labelWidth, "", "", barWidth, "", "", "half", "90%", "half", "90%", "half", "90%")
	f.Total.line(w, 0)
	for _, t := range f.Tables {
		fmt.Fprintf(w, "\nby %s\n", t.Name)
		most, hidden := t.most(), 0
		for _, r := range t.Rows {
			if r.Hidden() {
				hidden++
			}
		}
		for _, r := range t.Rows {
			if !r.Hidden() || hidden < gathered {
				r.line(w, most)
			}
		}
		if hidden >= gathered {
			fmt.Fprintf(w, "%-*s %7s\n", labelWidth, t.rest(hidden), under)
		}
	}
	fmt.Fprintf(w, "\n%s\n%s\n", "half, 90%: by when half, and 90 of 100, were; m minutes, h hours, d days.", wrap(Legend, 79))
	for _, note := range f.Notes {
		fmt.Fprintln(w, wrap(note, 79))
	}
}

// rest is what the hidden rows are called together.
func (t Table) rest(hidden int) string {
	if hidden == len(t.Rows) {
		return fmt.Sprintf("all %d", hidden)
	}
	return fmt.Sprintf("%d others", hidden)
}

// most is the largest count that is printed.
func (t Table) most() int {
	most := 0
	for _, r := range t.Rows {
		most = max(most, r.Reports.N)
	}
	return most
}

func (r Row) line(w io.Writer, most int) {
	fmt.Fprintf(w, "%s %7s %s %8s", fit(r.Label, labelWidth), r.Reports, bar(r.Reports.N, most), r.Referred)
	for _, s := range []Spell{r.Accept, r.See, r.Close} {
		median, p90 := s.words()
		fmt.Fprintf(w, " %5s %5s", median, p90)
	}
	fmt.Fprintln(w)
}

// fit is a label of exactly so many columns; only labels in Latin letters are printed here.
func fit(label string, width int) string {
	runes := []rune(label)
	if len(runes) > width {
		runes = append(runes[:width-1], '…')
	}
	return string(runes) + strings.Repeat(" ", width-len(runes))
}

// bar draws a count as part of the largest one.
func bar(n, most int) string {
	if most <= 0 || n <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	eighths := max(1, n*barWidth*8/most)
	full, rest := eighths/8, eighths%8
	out := strings.Repeat("█", full)
	if rest > 0 {
		out += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		full++
	}
	return out + strings.Repeat(" ", barWidth-full)
}

// wrap breaks a sentence into lines.
func wrap(text string, width int) string {
	var out strings.Builder
	line := 0
	for i, word := range strings.Fields(text) {
		if n := len([]rune(word)); i > 0 && line+1+n > width {
			out.WriteByte('\n')
			line = 0
		} else if i > 0 {
			out.WriteByte(' ')
			line++
		}
		out.WriteString(word)
		line += len([]rune(word))
	}
	return out.String()
}
