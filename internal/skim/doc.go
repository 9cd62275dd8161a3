// Package skim tells in one pass what is to be known of JSON: a few of its values
// without the rest (Object), all that a type takes (Unmarshal), where a value ends
// (Length, Span), and whether a text may stand in it at all (Literals).
//
// It is for what is read once and mostly thrown away: an event that is about nothing
// rescind judges. It accepts less than encoding/json does, and never more: what it
// accepts is JSON, and what it returns is what encoding/json would have stored. For
// anything it does not take, such as a name with an escape in it, the caller asks
// encoding/json, and so nothing depends on where that border is.
package skim
