package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/rescind-dev/rescind/internal/skim"
)

// read unmarshals a body and says what is wrong with it, in words that repeat
// nothing of it; empty when it is there and of the right types. A body with a
// problem is filled as far as it could be.
func (e *envelope) read(path string, raw json.RawMessage, body any) (problem string) {
	switch {
	case e.cut != "":
		return e.cut
	case !holds(raw):
		return path + " is missing"
	}
	if err := skim.Unmarshal(raw, body); err != nil {
		return wrongType(path, err)
	}
	return ""
}

// holds reports whether a body is there, whatever it is.
func holds(raw json.RawMessage) bool { return len(raw) > 0 && !bytes.Equal(raw, []byte("null")) }

// wrongType says what a value is and what it should be, never the value.
func wrongType(path string, err error) string {
	var mistyped *json.UnmarshalTypeError
	if !errors.As(err, &mistyped) {
		return path + " is malformed"
	}
	field := strings.Trim(path+"."+mistyped.Field, ".")
	got, _, _ := strings.Cut(mistyped.Value, " ") // "number 12": the number stays out
	return fmt.Sprintf("%s is of type %s, want %s", field, got, wanted(mistyped.Type))
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "object"
	}
	return "number"
}

// jsonKind names the type of valid JSON by its first byte.
func jsonKind(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 'n':
		return "null"
	case 't', 'f':
		return "bool"
	}
	return "number"
}

// joinProblems says both, once.
func joinProblems(a, b string) string {
	switch {
	case a == "" || a == b:
		return b
	case b == "":
		return a
	}
	return a + "; " + b
}
