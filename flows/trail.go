package flows

import (
	"strconv"
	"strings"
)

// trail is the way back: the questions that were answered, the last one at the end, each with how many answers there were before it.
// "who:1;danger:2;" is one text, so that a turn copies it as one.
type trail string

// longestTrail bounds the way back, in bytes; nobody counts back further than its some hundred questions.
const longestTrail = 2048

// push notes a question that is being answered. The oldest is forgotten when there are too many.
func (t trail) push(node string, answers int) trail {
	for len(t) > longestTrail {
		_, rest, _ := strings.Cut(string(t), ";")
		t = trail(rest)
	}
	return t + trail(node) + ":" + trail(strconv.Itoa(answers)) + ";"
}

// pop gives the last question and the trail without it; ok is false when there is none, or when it cannot be read.
func (t trail) pop() (rest trail, node string, answers int, ok bool) {
	last, ended := strings.CutSuffix(string(t), ";")
	if !ended {
		return "", "", 0, false
	}
	begin := strings.LastIndexByte(last, ';') + 1
	node, count, _ := strings.Cut(last[begin:], ":")
	answers, err := strconv.Atoi(count)
	if err != nil || answers < 0 {
		return "", "", 0, false
	}
	return t[:begin], node, answers, true
}

// shifted is the trail after one more answer was put in front of all others.
func (t trail) shifted() trail {
	var moved trail
	for t != "" {
		rest, node, answers, ok := t.pop()
		if !ok {
			return ""
		}
		moved = trail(node+":"+strconv.Itoa(answers+1)+";") + moved
		t = rest
	}
	return moved
}
