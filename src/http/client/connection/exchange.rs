//! A request on a connection, and its answer.

use super::incoming::Incoming;
use crate::Service;
use crate::codec::http::{Length, Status};
use crate::error::{Error, ErrorKind};
use crate::http::Body;
use crate::http::body::outgoing::Outgoing;
use crate::http::client::journey::{ATTEMPT, Journey};
use crate::session::CloseReason;

pub(super) struct Exchange {
    pub(super) journey: Box<Journey>,
    pub(super) upload: Upload,
    pub(super) answer: Answer,
    /// Some of the request may have reached the server.
    pub(super) sent: bool,
    /// Some of an answer has come.
    pub(super) heard: bool,
    /// The server goes on with the connection.
    pub(super) keeps: bool,
}

/// The request's body.
pub(super) enum Upload {
    /// It waits to be asked for.
    Asked(Body, Length),
    Going(Outgoing),
    Done,
    /// It is not sent to its end.
    Left,
}

pub(super) enum Answer {
    Head,
    Body(Box<Incoming>),
}

impl Exchange {
    pub(super) fn new(journey: Box<Journey>, upload: Upload) -> Self {
        let answer = Answer::Head;
        Self { journey, upload, answer, sent: false, heard: false, keeps: false }
    }

    /// Nobody wants the answer any more.
    pub(super) fn is_unwanted(&self) -> bool {
        match &self.answer {
            Answer::Head => self.journey.is_canceled(),
            Answer::Body(incoming) => incoming.is_unwanted() || self.journey.is_canceled(),
        }
    }

    /// The answer is read while it comes.
    pub(super) fn streams(&self) -> bool {
        matches!(&self.answer, Answer::Body(incoming) if incoming.is_piped())
    }

    /// The answer is all there if the connection ends here.
    pub(super) fn may_end(&mut self) -> bool {
        match &mut self.answer {
            Answer::Head => false,
            Answer::Body(incoming) => incoming.decoder.end().is_ok(),
        }
    }

    /// The connection can be used again behind the answer.
    pub(super) fn is_reusable(&self) -> bool {
        self.keeps && !self.journey.options.closes && matches!(self.upload, Upload::Done)
    }

    /// The head of the answer is there: who has that needs no more of a request that was not asked
    /// for, or has failed (RFC 9112 9.5).
    pub(super) fn cut_upload(&mut self, status: Status) {
        let failed = status.is_client_error() || status.is_server_error();
        match std::mem::replace(&mut self.upload, Upload::Left) {
            Upload::Asked(body, _) => self.journey.payload.give_back(body),
            Upload::Going(_) if failed => {}
            upload => self.upload = upload,
        }
    }

    /// The request, to be sent once more: if nothing of it was sent, or if it was on a kept connection
    /// that has died, and does the same if it is done twice (RFC 9110 9.2.2).
    pub(super) fn retry(
        mut self: Box<Self>,
        reason: &CloseReason,
        used: bool,
    ) -> Result<Box<Journey>, Box<Self>> {
        let died = matches!(
            reason,
            CloseReason::Remote | CloseReason::Reset | CloseReason::Truncated | CloseReason::Io(_)
        );
        let harmless = !self.sent || self.journey.method.is_idempotent();
        if let Upload::Asked(body, _) = &mut self.upload {
            self.journey.payload.give_back(std::mem::take(body));
        }
        let again = used && died && harmless && !self.heard && !self.journey.retried;
        if !again || !self.journey.payload.is_there() || self.journey.is_canceled() {
            return Err(self);
        }
        self.journey.retried = true;
        Ok(self.journey)
    }

    /// Why there is no answer, or not all of it.
    pub(super) fn cut_off(&self, reason: &CloseReason) -> Error {
        let error = match &self.answer {
            Answer::Head if self.heard => format!("in the middle of the answer's head: {reason}"),
            Answer::Head => format!("before an answer: {reason}"),
            Answer::Body(_) => format!("in the middle of the answer: {reason}"),
        };
        let kind = reason.to_error(ATTEMPT).kind();
        let kind = if kind == ErrorKind::Invalid { ErrorKind::Closed } else { kind };
        self.journey.error(kind).because(error)
    }

    pub(super) fn fail(self, service: &Service, error: Error) {
        if let Answer::Body(incoming) = self.answer {
            incoming.fail(&error);
        }
        self.journey.ticket.set(None);
        self.journey.fail(service, error);
    }
}
