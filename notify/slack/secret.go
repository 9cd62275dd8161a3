package slack

import (
	"fmt"
	"io"
)

// Secret is a token or a signing secret. It prints as "(secret)" under every
// verb and in every log: a config once printed with %+v would otherwise be
// enough to speak as the app.
type Secret string

const hidden = "(secret)"

// Format writes a placeholder, whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText writes a placeholder, so that JSON logs hold none either.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
