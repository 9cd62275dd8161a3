// Package fault names the ways in which a neighbour does not do as it was asked:
// the store, Google Cloud, Slack.
//
// It promises that whoever asks need not know which neighbour it was to decide
// what to do next: start over (ErrConflict), come again later (BusyError), give up
// (ErrRefused, PermissionError), or treat it as not there (ErrNotFound). It knows
// no library of theirs: the adapters translate.
package fault
