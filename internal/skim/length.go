package skim

// Length is how many bytes the JSON value takes that b begins with, white space not
// among them; 0 where b begins with no value that is whole and that a Cursor takes.
func Length(b []byte) int {
	c := Cursor{all: b}
	c.skip(1)
	if c.failed {
		return 0
	}
	return c.at
}

// Progress says how far a Span has come.
type Progress int

// What Span.Take comes to.
const (
	More   Progress = iota // all of it was taken, and the value goes on
	Done                   // the value has ended
	Broken                 // what came cannot be within a JSON value
)

// Span finds the end of a JSON value that arrives in parts, or that breaks off. It is
// exact in what holds a value together, which is brackets, commas, colons and quotes, and
// takes any word for a number: whoever decodes the value tells what is wrong within. A
// line that ends within a string breaks the value. The zero Span is before its value.
type Span struct {
	stack    []byte // of the objects and arrays that are open: the bracket that ends each
	wants    wants
	inString bool
	escaped  bool
	isKey    bool // of the string
	inWord   bool
}

// wants is what may come next.
type wants int

const (
	aValue wants = iota
	aValueOrEnd
	aKeyOrEnd
	aKey
	aColon
	aCommaOrEnd
)

// mostOpen is how many objects and arrays may be open, as for encoding/json.
const mostOpen = 10000

// Take takes b up to the end of the value, and says how many bytes that were and how
// far the value is. Of what is broken, n bytes were within a value.
func (s *Span) Take(b []byte) (n int, p Progress) {
	for i, c := range b {
		switch {
		case s.inString:
			p = s.text(c)
		case s.inWord && isWord(c):
			continue
		case s.inWord:
			if s.inWord = false; s.ended() {
				return i, Done
			}
			p = s.punctuation(c)
		default:
			p = s.punctuation(c)
		}
		switch p {
		case Done:
			return i + 1, Done
		case Broken:
			return i, Broken
		}
	}
	return len(b), More
}

func (s *Span) text(c byte) Progress {
	switch {
	case c == '\n':
		return Broken
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '"':
		s.inString = false
		if s.isKey {
			s.wants = aColon
		} else if s.ended() {
			return Done
		}
	}
	return More
}

// ended notes that a value within ended, and reports whether it was the outermost.
func (s *Span) ended() bool {
	s.wants = aCommaOrEnd
	return len(s.stack) == 0
}

func (s *Span) punctuation(c byte) Progress {
	switch c {
	case ' ', '\t', '\r', '\n':
		return More
	case '"':
		s.isKey = s.wants == aKey || s.wants == aKeyOrEnd
		if !s.isKey && !s.takesValue() {
			return Broken
		}
		s.inString = true
		return More
	case ',':
		if s.wants != aCommaOrEnd || len(s.stack) == 0 {
			return Broken
		}
		s.wants = aValue
		if s.stack[len(s.stack)-1] == '}' {
			s.wants = aKey
		}
		return More
	case ':':
		if s.wants != aColon {
			return Broken
		}
		s.wants = aValue
		return More
	case '{', '[':
		return s.open(c)
	case '}', ']':
		return s.shut(c)
	}
	if !s.takesValue() || !isWord(c) {
		return Broken
	}
	s.inWord = true
	return More
}

func (s *Span) takesValue() bool { return s.wants == aValue || s.wants == aValueOrEnd }

func (s *Span) open(c byte) Progress {
	if !s.takesValue() || len(s.stack) == mostOpen {
		return Broken
	}
	if c == '{' {
		s.stack, s.wants = append(s.stack, '}'), aKeyOrEnd
	} else {
		s.stack, s.wants = append(s.stack, ']'), aValueOrEnd
	}
	return More
}

func (s *Span) shut(c byte) Progress {
	last := len(s.stack) - 1
	may := s.wants == aCommaOrEnd || s.wants == aKeyOrEnd || s.wants == aValueOrEnd
	if last < 0 || s.stack[last] != c || !may {
		return Broken
	}
	if s.stack = s.stack[:last]; s.ended() {
		return Done
	}
	return More
}

// isWord reports whether the byte may be within a number or a word.
func isWord(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ':', '[', ']', '{', '}', '"':
		return false
	}
	return true
}
