package terminal_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
)

func TestNoTextSteersTheTerminal(t *testing.T) {
	for _, tt := range []struct {
		name, text, printable, oneLine string
	}{
		{"plain text, in any script", "grün 緑\tand\nbelow", "grün 緑\tand\nbelow", "grün 緑 and below"},
		{"an escape sequence", "\x1b[31mred", "\uFFFD[31mred", "\uFFFD[31mred"},
		{"an escape sequence in one character", "\u009b31mred", "\uFFFD31mred", "\uFFFD31mred"},
		{"a carriage return, which would hide what is before it", "evil\rgood", "evil\uFFFDgood", "evil\uFFFDgood"},
		{"text that runs the other way", "user:\u202emoc\u2066", "user:\uFFFDmoc\uFFFD", "user:\uFFFDmoc\uFFFD"},
	} {
		if got := terminal.Printable(tt.text); got != tt.printable {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.printable)
		}
		if got := terminal.OneLine(tt.text); got != tt.oneLine {
			t.Errorf("%s, on one line: %q, want %q", tt.name, got, tt.oneLine)
		}
	}
}

func TestJSONSteersNoTerminalEither(t *testing.T) {
	var b strings.Builder
	if err := terminal.WriteJSON(&b, map[string]string{"who": "<ada> \x1b[2J\u009b\u202e"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"who\": \"<ada> \\u001b[2J\uFFFD\uFFFD\"\n}\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	if err := terminal.WriteJSON(&b, func() {}); err == nil {
		t.Error("what is no value was written")
	}
}

// A pipe has no width; COLUMNS is what somebody says of it, where it is a number.
func TestAWidthIsWhatSomebodySays(t *testing.T) {
	for said, want := range map[string]int{"": 0, "80": 80, "3": 20, "wide": 0, "-1": 0} {
		got := terminal.Width(new(strings.Builder), func(name string) (string, bool) { return said, name == "COLUMNS" && said != "" })
		if got != want {
			t.Errorf("%q: %d, want %d", said, got, want)
		}
	}
}
