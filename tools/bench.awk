# Turns the output of go test -bench into lines of "name value unit":
#   BenchmarkResume-2   146082   8123 ns/op   48 allocs/op   (in chumrok/flows)
#   flows.Resume 8123 ns/op
#   flows.Resume 48 allocs/op
# Whatever else go test says, a failure first of all, goes to standard error.
/^pkg: / {
	n = split($2, path, "/")
	package = path[n]
	next
}
/^Benchmark/ && NF >= 4 {
	name = $1
	sub(/^Benchmark/, "", name)
	sub(/-[0-9]+$/, "", name)
	for (i = 3; i < NF; i += 2) print package "." name, $i, $(i + 1)
	next
}
/^(goos|goarch|cpu): |^PASS$|^ok |no test files|no tests to run/ { next }
{ print > "/dev/stderr" }
