package main

import (
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/audit"
	"chumrok/internal/store"
)

// gatewayItself is who did what no person did.
const gatewayItself = "gateway"

// What stands on the record for each act, beside the words that the store gives to its own (internal/store). A test holds the two lists to
// what really happens.
const (
	actAccept      = "accept"        // an officer takes a referral
	actDecline     = "decline"       // he cannot
	actSeen        = "seen"          // he says that the child has been seen
	actOutcome     = "outcome "      // he says how it ended; the outcome's word follows
	actAgree       = "agree"         // a reviewer agrees with an outcome
	actRefuse      = "refuse"        // and does not
	actHandOn      = "hand on"       // what somebody had goes to somebody else
	actHoldTaken   = "hold taken"    // an officer of the desk decides on it
	actHoldDecline = "hold declined" // he cannot
	actReveal      = "reveal"        // the command showed what a caller told
	actDetails     = "details"       // an officer's phone did
	actRecordKey   = "record key"    // by this key checkpoints are signed from now on
	actDirectory   = "directory"     // by this directory officers are told from now on
	actCheckpoint  = "checkpoint"    // the record's head was given away
	actBackup      = "backup"        // everything was written into a file, by its SHA-256
	actRestore     = "restore"       // what stands before this came out of that file, and what came after it is lost
)

// onRecord is the entry for an act of a person, who may have given a reason for it. The reason is kept apart from the record, and without numbers.
func onRecord(now time.Time, who, what, code, reason string) audit.Entry {
	return audit.Entry{At: now, Who: who, What: what, Subject: code, Reason: hideNumbers(reason)}
}

// officerActed puts on record what the answer of an officer, who may be the reviewer of an outcome, changed of a referral.
func officerActed(e *store.Effects, officer string, verb alert.Verb, reviews bool, d alert.Decision, now time.Time) {
	if !d.Changed {
		return
	}
	what := ""
	switch verb {
	case alert.AcceptIt:
		if what = actAccept; reviews {
			what = actAgree
		}
	case alert.CannotDo:
		if what = actDecline; reviews {
			what = actRefuse
		}
	case alert.HaveSeen:
		if what = actSeen; reviews {
			what = actHandOn
		}
	case alert.GiveOutcome:
		what = actOutcome + d.Referral.Outcome
	case alert.NoVerb, alert.AskHelp:
		return
	}
	e.Audit = append(e.Audit, onRecord(now, officer, what, d.Referral.Code, ""))
}

// deskActed is officerActed for a hold.
func deskActed(e *store.Effects, officer string, verb alert.Verb, d alert.HoldDecision, now time.Time) {
	if !d.Changed {
		return
	}
	switch verb {
	case alert.AcceptIt:
		e.Audit = append(e.Audit, onRecord(now, officer, actHoldTaken, d.Hold.Code, ""))
	case alert.CannotDo:
		e.Audit = append(e.Audit, onRecord(now, officer, actHoldDecline, d.Hold.Code, ""))
	case alert.NoVerb, alert.HaveSeen, alert.GiveOutcome, alert.AskHelp:
	}
}
