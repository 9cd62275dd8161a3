package notify_test

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/notify"
)

func TestCleanLeavesNoControlInvisibleOrTurningCharacter(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 世界 🙂":             "plain é 世界 🙂",
		"a\nb\tc\r\u2028d":         "a b c  d",
		"all\u200bUsers":           "all\uFFFDUsers",
		"\u202egro.live":           "\uFFFDgro.live",
		"\x1b[31mred":              "\uFFFD[31mred",
		"half \xff":                "half \uFFFD",
		"\u3164":                   "\uFFFD",
		"tag \U000E0041":           "tag \uFFFD",
		"all\ufe00Users":           "all\uFFFDUsers",
		"all\ufe0fUsers":           "all\uFFFDUsers",
		"⚠\ufe0f careful":          "⚠\ufe0f careful", // drawn in colour, and not hidden
		"⚠\ufe0f\ufe0f":            "⚠\ufe0f\uFFFD",
		"a\u00a0b\u200ac\u3000d":   "a b c d",
		"\u2065 of no meaning yet": "\uFFFD of no meaning yet",
	} {
		if got := notify.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// One character after the other, as no list of those that came to mind is whole.
func TestNoCharacterThatIsDrawnAsNothingOrMovesOthersIsLeft(t *testing.T) {
	hidden := []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		got := []rune(notify.Clean("a" + string(r) + "b"))
		if len(got) != 3 || got[0] != 'a' || got[2] != 'b' {
			t.Fatalf("%U: became %q", r, string(got))
		}
		switch {
		case unicode.In(r, hidden...) && got[1] != ' ' && got[1] != unicode.ReplacementChar:
			t.Errorf("%U: is left as %U", r, got[1])
		case unicode.IsSpace(r) && got[1] != ' ' && !unicode.Is(unicode.Cc, r):
			t.Errorf("%U: is a space and became %U", r, got[1])
		case unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && got[1] != r && got[1] != unicode.ReplacementChar:
			t.Errorf("%U: is there to be read and became %U", r, got[1])
		case r > ' ' && r < 0x7f && got[1] != r:
			t.Errorf("%U: is plain ASCII and became %U", r, got[1])
		}
	}
}

func TestCleanIsTextOfAsManyCharactersAndLeavesWhatIsClean(t *testing.T) {
	if err := quick.Check(func(s string) bool {
		once := notify.Clean(s)
		return utf8.ValidString(once) && utf8.RuneCountInString(once) == utf8.RuneCountInString(s) && notify.Clean(once) == once
	}, nil); err != nil {
		t.Error(err)
	}
}

func FuzzClean(f *testing.F) {
	for name, s := range tricks {
		f.Add(name + s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := notify.Clean(s)
		if notify.Clean(got) != got || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", s, got)
		}
	})
}
