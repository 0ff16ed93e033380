//! `lineage`.

use super::Asked;
use crate::engine::Engine;
use crate::error::Failure;
use crate::frame::Frame;

pub(super) async fn answer(_: &Engine, _: &Asked) -> Result<Vec<Frame>, Failure> {
    Err(Failure::bad_request("not yet"))
}
