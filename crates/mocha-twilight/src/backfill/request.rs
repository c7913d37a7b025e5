//! Requests to Discord's API, and what their failures mean.

use std::{error::Error as StdError, time::Duration};

use twilight_http::{Error, error::ErrorType, response::DeserializeBodyError};

use super::BackfillError;

/// How often a request is made, and how long the first pause is. Each pause is twice as long as the one before.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The bot may not read it.
    Forbidden,
    /// It does not exist any more.
    Gone,
    /// Another try may help.
    Passing(Box<dyn StdError + Send + Sync>),
    /// Another try would not help.
    Lasting(Box<dyn StdError + Send + Sync>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorType::Response { status, .. } if *status == 403 => Self::Forbidden,
            ErrorType::Response { status, .. } if *status == 404 => Self::Gone,
            ErrorType::Response { status, .. } if status.is_server_error() => Self::Passing(error.into()),
            ErrorType::RequestCanceled | ErrorType::RequestError | ErrorType::RequestTimedOut => {
                Self::Passing(error.into())
            }
            _ => Self::Lasting(error.into()),
        }
    }
}

impl From<DeserializeBodyError> for Failure {
    /// The connection may have ended within the body.
    fn from(error: DeserializeBodyError) -> Self {
        Self::Passing(error.into())
    }
}

impl From<Failure> for BackfillError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Forbidden => Self::http("the bot is not allowed to read it"),
            Failure::Gone => Self::http("Discord does not know it"),
            Failure::Passing(source) | Failure::Lasting(source) => Self::http(source),
        }
    }
}

/// Makes a request, again after failures that may pass.
pub(super) async fn retry<T>(mut request: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match request().await {
            Err(Failure::Passing(error)) => {
                tracing::warn!(%error, "a request failed, so it is made again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            answered => return answered,
        }
    }
    request().await
}
