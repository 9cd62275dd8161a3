package notify_test

import (
	"testing"

	"github.com/rescind-dev/rescind/notify"
)

func TestCleanLeavesNoControlInvisibleOrTurningCharacter(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 世界 🙂":     "plain é 世界 🙂",
		"a\nb\tc\r\u2028d": "a b c  d",
		"all\u200bUsers":   "all\uFFFDUsers",
		"\u202egro.live":   "\uFFFDgro.live",
		"\x1b[31mred":      "\uFFFD[31mred",
		"half \xff":        "half \uFFFD",
		"\u3164":           "\uFFFD",
		"tag \U000E0041":   "tag \uFFFD",
	} {
		if got := notify.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
