// Package cloud is Google Cloud as values: resource names, members, grants,
// allow policies, workloads and the changes made to them.
//
// Everything here is pure: no I/O, no clock, no logger. The algebra holds as
// one would expect of it: applying a list of deltas and then its inverse gives
// the policy one began with, and removing a grant touches no other (role,
// member, condition).
package cloud
