// Package replay judges history: it reads exported audit-log entries and says
// what rescind would have found and done, on the same decode, evaluate and
// decide path as live handling.
//
// What it promises: every record is accounted for (judged, irrelevant, failed,
// duplicate, of an unknown method, or unreadable at a stated place), the order
// and the overlap of the inputs change nothing, and nothing is written to
// Google Cloud, for there is no client that could.
//
// What it cannot know is what no entry and no facts file says: such a
// verdict is unknown, never a guess.
package replay
