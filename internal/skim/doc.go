// Package skim takes a few values out of JSON without decoding the rest of it.
//
// It is for what is read once and mostly thrown away: an event that is about nothing
// rescind judges. It accepts less than encoding/json does, and never more: what it
// accepts is JSON, and what it returns is what encoding/json would have stored. For
// anything it does not take, such as a name with an escape in it, the caller asks
// encoding/json, and so nothing depends on where that border is.
package skim
