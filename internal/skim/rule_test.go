package skim

import (
	"fmt"
	"strings"
	"testing"
)

// missed are the ways of writing a text that are not found, of all that there are with
// one character escaped.
func missed(l *Literals) (out []string) {
	for _, t := range l.texts {
		for i := range t {
			for _, form := range []string{`\u%04x`, `\u%04X`} {
				in := t[:i] + fmt.Sprintf(form, t[i]) + t[i+1:]
				for _, around := range []string{`"%s"`, `{"a" : "%s"}`, `"{\"a\":\"%s\"}"`, strings.Repeat(" ", 300) + `"%s"` + strings.Repeat("{", 300)} {
					if text := fmt.Sprintf(around, in); !l.In([]byte(text)) {
						out = append(out, text)
					}
				}
			}
		}
		if !l.In([]byte(`"` + t + `"`)) {
			out = append(out, t)
		}
	}
	return out
}

// Whatever part of the rule is left out, something is missed: the tests above it would
// see it.
func TestEachPartOfTheRuleIsNeeded(t *testing.T) {
	t.Parallel()
	fresh := func() *Literals {
		l, err := NewLiterals("run.googleapis.com", "k8s.example.org")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if m := missed(fresh()); len(m) > 0 {
		t.Fatalf("missed: %q", m)
	}
	for name, mutate := range map[string]func(*Literals){
		"escapes":    func(l *Literals) { l.escaped = [256]bool{} },
		"one escape": func(l *Literals) { l.escaped['.'] = false },
		"one text": func(l *Literals) {
			*l = *mustLiterals(t, "run.googleapis.com")
			l.texts = append(l.texts, "k8s.example.org")
		},
		"stops at a text": func(l *Literals) { l.shift[place('m', '"')] = 1 },
		"careful shifts": func(l *Literals) {
			for i, s := range l.shift {
				if s > 0 {
					l.shift[i] = byte(l.window - 1)
				}
			}
		},
	} {
		l := fresh()
		mutate(l)
		if len(missed(l)) == 0 {
			t.Errorf("without %s nothing is missed", name)
		}
	}
}

func mustLiterals(t *testing.T, texts ...string) *Literals {
	t.Helper()
	l, err := NewLiterals(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
