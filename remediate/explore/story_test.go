package explore_test

import (
	"fmt"
	"strconv"
	"strings"
)

// mishap is what strikes an act at one of its calls. The zero mishap strikes none.
type mishap struct {
	kind   kind
	at     int      // the call, counted from 1
	others []string // of meanwhile: the acts that come in between
	until  int      // of meanwhile: the call at which the last of them is stopped in turn; 0 for none
}

// kind is a kind of mishap.
type kind string

const (
	dies        kind = "the process dies after call"
	fails       kind = "without effect fails call"
	loses       kind = "to another writer loses call"
	answerLost  kind = "the answer is lost of call"
	requestGone kind = "the request is gone after call"
	meanwhile   kind = "before call"
)

// step is one act of a story, with what strikes it.
type step struct {
	act string
	mishap
}

// String is the act, and the mishap in brackets.
func (s step) String() string {
	if s.kind == "" {
		return s.act
	}
	out := fmt.Sprintf("%s [%s %d", s.act, s.kind, s.at)
	if s.kind == meanwhile {
		out += ": " + strings.Join(s.others, " + ")
		if s.until > 0 {
			out += fmt.Sprintf(" | up to its call %d", s.until)
		}
	}
	return out + "]"
}

// parseStep reads what String wrote.
func parseStep(text string) (step, error) {
	name, rest, struck := strings.Cut(text, " [")
	if !struck {
		return step{act: text}, nil
	}
	rest = strings.TrimSuffix(rest, "]")
	rest, others, _ := strings.Cut(rest, ": ")
	i := strings.LastIndexByte(rest, ' ')
	at, err := strconv.Atoi(rest[i+1:])
	if err != nil {
		return step{}, fmt.Errorf("%q names no call: %w", text, err)
	}
	s := step{name, mishap{kind: kind(rest[:i]), at: at}}
	if others != "" {
		others, until, _ := strings.Cut(others, " | up to its call ")
		s.others = strings.Split(others, " + ")
		s.until, _ = strconv.Atoi(until)
	}
	return s, nil
}

// story is a configuration and the steps that were told of it.
type story struct {
	config string
	steps  []step
}

// String is a line that -explore.story takes.
func (s story) String() string {
	lines := []string{s.config}
	for _, st := range s.steps {
		lines = append(lines, st.String())
	}
	return strings.Join(lines, "; ")
}

func parseStory(text string) (story, error) {
	parts := strings.Split(text, "; ")
	s := story{config: parts[0]}
	for _, p := range parts[1:] {
		st, err := parseStep(p)
		if err != nil {
			return story{}, err
		}
		s.steps = append(s.steps, st)
	}
	return s, nil
}
