// Package authority says who may answer a finding, and when answers suffice.
//
// It promises that whoever cannot be looked up is neither admitted nor told that
// they may not; that nobody keeps, exempts or brings back a change of their own;
// that nobody is counted twice, however their address is spelled; and that an
// answer that is refused changes nothing.
//
// It stores nothing. Whether somebody is who they say is for whoever takes the
// answer to verify, before it comes here.
//
//   - authority.go is the way of an answer; votes.go which answers count, and how
//     many it takes
//   - reason.go and exemption.go are what an answer has to bring
//   - actsfor.go is who may have made a change that an account made alone
//   - directory.go is who is an approver, remembering.go for how long that is
//     believed
//   - recount.go counts once more, just before a plan is carried out
//   - needs.go says on a card who it takes
package authority
