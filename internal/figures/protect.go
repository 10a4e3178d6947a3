package figures

import "slices"

// The rows of a table add up to a total that is printed, so a hidden row can be worked out from the others unless enough is hidden with
// it. What is enough is said for a reader who knows this very file: whatever he sees, each hidden count under five could still be any of
// 0, 1, 2, 3 and 4. So which rows are hidden besides goes by their place in the table and never by their size; and what the hidden ones add
// up to must leave room. TestTheStrongestReaderLearnsNothing holds this by trying every table of its sizes.
const (
	// leastTogether is what hidden rows that are all under five must add up to: with less, some of them could not be four.
	leastTogether = 8
	// leastRoom is what must be left for rows under five when each larger row hidden with them has the least it can have.
	leastRoom = 7
)

// protect says which rows of a table are hidden. counts has for each row its columns; each column adds up to a total that may be printed. A
// row with any count under five is hidden whole, since columns follow from each other.
func protect(counts [][]int) []bool {
	hidden := make([]bool, len(counts))
	for i, columns := range counts {
		hidden[i] = slices.ContainsFunc(columns, func(n int) bool { return n < Least })
	}
	if !slices.Contains(hidden, true) {
		return hidden
	}
	for i := len(counts) - 1; i >= 0 && !enough(counts, hidden); i-- {
		hidden[i] = true
	}
	return hidden
}

// enough says whether what is hidden leaves every reading open, column by column.
func enough(counts [][]int, hidden []bool) bool {
	for column := range counts[0] {
		sum, rows, larger := 0, 0, 0
		for i := range counts {
			if !hidden[i] {
				continue
			}
			sum, rows = sum+counts[i][column], rows+1
			if counts[i][column] >= Least {
				larger++
			}
		}
		if larger == 0 && (sum < leastTogether || sum > (Least-1)*(rows-1)) || larger > 0 && (rows < 2 || sum-Least*larger < leastRoom) {
			return false
		}
	}
	return true
}
