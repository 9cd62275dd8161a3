// Package judge turns a change, and what is live of its resource, into
// judgements: which policy objects, what would end the violation, and how far
// rescind may go on its own.
//
// It promises that live handling, scan and replay come to the same: it reads
// nothing but the facts that policies ask for, and writes nothing. A judgement is
// a value, and its plan holds every write before it is made. Unknown is never
// judged as compliant, nor reverted on its own; no guardrail makes a decision
// stronger.
//
//   - judge.go is the way from a change to judgements, judgement.go what one is
//   - guardrails.go are the reasons for which a decision is lowered
//   - agents.go tells Google's agents of the organization from those of strangers
//   - plan.go chooses the steps; restore.go, ingress.go and orgpolicy.go make one
//     each; content.go says what may be given an account; steps.go is their algebra: inverse, deltas, what adds up
//   - snapshot.go is what is live, and what of a plan it leaves to do;
//     livechanges.go the changes that would have made it
//   - exclusion.go is what people exempted
//   - words.go says all that in sentences
package judge
