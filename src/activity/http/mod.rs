//! HTTP calls: what is asked, how it is sent, and what the answer means.

mod ask;
mod client;
mod retry_after;
mod send;
mod verdict;

pub use ask::{Endpoint, HttpAsk, http_activity, http_ask};
pub(super) use send::End;
pub use send::call_http;
pub use verdict::judge_reply;
