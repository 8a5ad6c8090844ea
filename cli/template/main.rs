//! The gateway that `gateway.gw` describes.
gatewright_runtime::gateway!();
