// Package desk takes what people decide: answers to findings and groups, the
// pause, a page to on-call.
//
// It promises that of all who answer at once one decides, and everybody else is
// told what happened; that what was decided is stored, with what it owes, before
// anything is done about it; and that who was refused is in the ledger.
//
// It reaches neither Google Cloud nor Slack, and carries nothing out: a
// remediator beside it does, or whichever process sweeps next.
//
//   - desk.go is the desk; answer.go how an answer is recorded, or refused, and how
//     one travels that is recorded elsewhere
//   - group.go and groupvotes.go take an answer to many findings, carry.go takes
//     what was decided to each of them
//   - undo.go begins an undo, preview.go says what an exemption would exempt
//   - pause.go is the switch that stops all writes, pageoncall.go a page that
//     somebody asked for
package desk
