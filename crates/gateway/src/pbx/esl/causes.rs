//! What FreeSWITCH's causes mean for a transfer.

use call::TransferOutcome;
use freeswitch::CommandError;

/// The cause of a transfer that could not be asked for, without what the command held: that may be what a caller has said.
pub(super) fn of_refusal(error: &CommandError) -> &'static str {
    match error {
        CommandError::NotConnected { .. } => "there is no connection to FreeSWITCH",
        CommandError::NoSuchChannel { .. } => "FreeSWITCH has no such channel",
        CommandError::TimedOut { .. } => "FreeSWITCH did not answer in time",
        CommandError::Failed { .. } => "FreeSWITCH has refused it",
    }
}

/// The outcome of a call that ended with this cause before anybody talked (`originate_disposition`, the reply to `originate`, or a
/// hang-up's cause; names as in `switch_channel.c`, 1.10.12).
pub(super) fn outcome(cause: &str) -> TransferOutcome {
    // `originate` replies with the cause, sometimes behind a prefix.
    let cause = cause.trim().trim_start_matches("-ERR").trim();
    match cause {
        "SUCCESS" => TransferOutcome::Answered,
        "USER_BUSY" => TransferOutcome::Busy,
        "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" | "ORIGINATOR_CANCEL" | "PROGRESS_TIMEOUT"
        | "MEDIA_TIMEOUT" => TransferOutcome::NoAnswer,
        // A dialplan that has come to its end without an answer, as it does after a phone's 480 (measured on 1.10.12).
        "NORMAL_CLEARING" => TransferOutcome::NoAnswer,
        "CALL_REJECTED" => TransferOutcome::Refused,
        "USER_NOT_REGISTERED"
        | "UNALLOCATED_NUMBER"
        | "NO_ROUTE_DESTINATION"
        | "SUBSCRIBER_ABSENT"
        | "NO_ROUTE_TRANSIT_NET"
        | "INVALID_NUMBER_FORMAT"
        | "DESTINATION_OUT_OF_ORDER" => TransferOutcome::Unavailable,
        _ => TransferOutcome::Failed {
            cause: cause.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_as_what_it_means_for_the_caller() {
        for (cause, means) in [
            ("USER_BUSY", TransferOutcome::Busy),
            ("-ERR USER_BUSY\n", TransferOutcome::Busy),
            ("NO_ANSWER", TransferOutcome::NoAnswer),
            ("-ERR NORMAL_CLEARING\n", TransferOutcome::NoAnswer),
            ("CALL_REJECTED", TransferOutcome::Refused),
            ("SUBSCRIBER_ABSENT", TransferOutcome::Unavailable),
            ("NO_ROUTE_DESTINATION", TransferOutcome::Unavailable),
            ("SUCCESS", TransferOutcome::Answered),
        ] {
            assert_eq!(outcome(cause), means, "{cause}");
        }
        let failed = TransferOutcome::Failed {
            cause: "NORMAL_TEMPORARY_FAILURE".into(),
        };
        assert_eq!(outcome("NORMAL_TEMPORARY_FAILURE"), failed);
    }
}
