// Package before remembers what each Cloud Run workload had, since when and by whose
// change. An entry of Cloud Run shows a whole allow policy, or a whole service, and so
// also what was there before the call: nobody is blamed for that.
//
// It promises that what it says is older than a change was seen before the change's own
// time, and that what it says was not there before was looked for by then. Of anything
// else it says that it does not know.
//
// All grants are kept, and not those alone that violate: what violates hangs on policies,
// facts and people, which change. It reads nothing of Google Cloud by itself but the
// baseline, and judges nothing (package remediate does).
//
//   - held.go is what is known of one workload, a value
//   - left.go tells what a change made from what it left as it was
//   - kept.go bounds what one grant takes there
//   - memory.go keeps it in the store, a cell for each workload ("before/" and its name)
//   - baseline.go reads each project once ("baseline/" and its id)
//   - inforce.go is which constraints were in force, for this process alone
package before
