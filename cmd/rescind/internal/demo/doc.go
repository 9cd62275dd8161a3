// Package demo is what `rescind demo` plays and shows: a fixed script in a
// sandbox, each scene of which is verified, and a page with buttons for whoever
// wants to make a mess of their own.
//
// What happens is rescind's own doing throughout; this package makes the
// occasions and tells what came of them.
package demo
