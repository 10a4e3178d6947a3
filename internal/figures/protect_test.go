package figures

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// seen is what a reader sees of one column: the hidden rows as a star.
func seen(counts [][]int, hidden []bool) string {
	out := ""
	for i, columns := range counts {
		if hidden[i] {
			out += "* "
		} else {
			out += fmt.Sprint(columns, " ")
		}
	}
	return out
}

// tables calls do with every table of so many rows that adds up to total.
func tables(rows, total int, do func([]int)) {
	v := make([]int, rows)
	var fill func(i, left int)
	fill = func(i, left int) {
		if i == rows-1 {
			v[i] = left
			do(v)
			return
		}
		for n := 0; n <= left; n++ {
			v[i] = n
			fill(i+1, left-n)
		}
	}
	fill(0, total)
}

// possible gathers for each picture what each hidden cell could be.
type possible map[string][]map[int]bool

func (p possible) add(picture string, cells []int) {
	sets := p[picture]
	if sets == nil {
		sets = make([]map[int]bool, len(cells))
		for i := range sets {
			sets[i] = make(map[int]bool)
		}
		p[picture] = sets
	}
	for i, n := range cells {
		sets[i][n] = true
	}
}

// open says whether a cell that is not known could still be every number under five, or is known to be none of them within less than five.
func open(could map[int]bool) bool {
	small := 0
	for n := range Least {
		if could[n] {
			small++
		}
	}
	return small == Least || small == 0 && len(could) >= Least
}

// TestTheStrongestReaderLearnsNothing is the attack: a reader knows the total, all printed rows and how rows are chosen to be hidden. He
// tries every table there could be. Whatever he sees, each hidden count under five could be 0, 1, 2, 3 or 4.
func TestTheStrongestReaderLearnsNothing(t *testing.T) {
	t.Parallel()
	for rows := 2; rows <= 5; rows++ {
		for total := Least; total <= 28; total++ {
			pictures := make(possible)
			tables(rows, total, func(v []int) {
				counts := make([][]int, rows)
				for i, n := range v {
					counts[i] = []int{n}
				}
				pictures.add(seen(counts, protect(counts)), v)
			})
			for picture, cells := range pictures {
				for i, could := range cells {
					if len(could) == 1 { // it is printed, or it is found out
						for n := range could {
							if n < Least {
								t.Fatalf("%d rows, total %d: of %s row %d is found out to be %d", rows, total, picture, i, n)
							}
						}
						continue
					}
					if !open(could) {
						t.Fatalf("%d rows, total %d: of %s row %d can only be %v", rows, total, picture, i, could)
					}
				}
			}
		}
	}
}

// TestTwoColumnsTogetherTellNothing is the same attack on reports and referrals at once: the reader knows both totals and that no row has
// more referred than reported.
func TestTwoColumnsTogetherTellNothing(t *testing.T) {
	t.Parallel()
	const rows = 3
	for _, total := range []int{6, 17, 24} {
		for referred := Least; referred <= total; referred++ {
			pictures := make(possible)
			tables(rows, total, func(reports []int) {
				tables(rows, referred, func(refs []int) {
					counts := make([][]int, rows)
					for i := range rows {
						if refs[i] > reports[i] {
							return
						}
						counts[i] = []int{reports[i], refs[i]}
					}
					pictures.add(seen(counts, protect(counts)), slices.Concat(reports, refs))
				})
			})
			for picture, cells := range pictures {
				for i, could := range cells {
					if len(could) > 1 && !open(could) {
						t.Errorf("reports %d, referred %d: of %s cell %d could only be %v", total, referred, picture, i, could)
					}
				}
			}
		}
	}
}

// TestTotalsGiveNoHiddenCellBack is what anybody with a pocket calculator does, on tables of the real size: the total less what is printed
// bounds each hidden row, and the bounds must leave all of 0 to 4 open.
func TestTotalsGiveNoHiddenCellBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		rows := 2 + random.IntN(24)
		counts := make([][]int, rows)
		total := 0
		for i := range counts {
			n := random.IntN(12)
			if random.IntN(3) == 0 {
				n = random.IntN(400)
			}
			counts[i] = []int{n}
			total += n
		}
		hidden := protect(counts)
		unknown, left := 0, total
		for i := range counts {
			switch {
			case hidden[i]:
				unknown++
			case counts[i][0] < Least:
				t.Fatalf("%v: a count under five is printed", counts)
			default:
				left -= counts[i][0]
			}
		}
		if unknown == 1 && total >= Least {
			t.Fatalf("%v: one row alone is hidden, and the total gives it back", counts)
		}
		if unknown > 0 && unknown < rows && left < Least {
			t.Fatalf("%v: what is hidden adds up to %d", counts, left)
		}
	}
}

func TestWhatIsHidden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		counts []int
		want   string
	}{
		"nothing is small":                      {[]int{5, 6, 40}, "[5] [6] [40] "},
		"one is small, the last is hidden too":  {[]int{3, 60, 40}, "* [60] * "},
		"the last is small, the one before too": {[]int{60, 40, 0}, "[60] * * "},
		"three small ones that leave room":      {[]int{4, 3, 60, 2, 2}, "* * [60] * * "},
		"all are none":                          {[]int{0, 0, 60, 70}, "* * [60] * "},
		"all are four":                          {[]int{4, 4, 4, 50, 70}, "* * * [50] * "},
		"no room behind a five":                 {[]int{1, 60, 5}, "* * * "},
		"one row":                               {[]int{9}, "[9] "},
	} {
		counts := make([][]int, len(c.counts))
		for i, n := range c.counts {
			counts[i] = []int{n}
		}
		if got := seen(counts, protect(counts)); got != c.want {
			t.Errorf("%s: %v is shown as %s, expected %s", name, c.counts, got, c.want)
		}
	}
}
