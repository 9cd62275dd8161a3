// Package state names the states of a finding, and says which may follow which and
// by what.
package state
