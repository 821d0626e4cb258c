//! Description: the API as OpenAPI has it, made of the code that serves it.
//!
//! Holds the objects of the WebSocket as well, which OpenAPI has no word for.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use conclave_doors::api::{
    Asked, Bans, Directs, EndedShown, ErrorShown, Nothing, Told, ToldDirect,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Description};
use utoipa::{Modify, OpenApi};

use super::{groups, letting_in, messages, operators};

/// See the module.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Conclave",
        description = "Group chat with a number and a password. A seat, which is given on joining, \
            stands for one member of one group: send it as `Authorization: Bearer SEAT`. The same \
            objects go over the WebSocket `/api/v1/ws`: `Asked` from the client, `Told` and answers \
            from the server.",
    ),
    paths(
        groups::create, groups::join, groups::members, groups::leave,
        letting_in::invite, letting_in::add_hook, letting_in::speak,
        messages::post, messages::get, operators::server,
    ),
    components(schemas(
        Asked, Told<'static>, ToldDirect<'static>, EndedShown, ErrorShown, Nothing, Bans, Directs,
    )),
    modifiers(&Seat),
)]
struct Api;

/// How a seat is borne.
struct Seat;

impl Modify for Seat {
    fn modify(&self, description: &mut Description) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("a seat, as it was given on joining")).build();
        let components = description.components.get_or_insert_with(Components::new);
        components.add_security_scheme("seat", SecurityScheme::Http(bearer));
    }
}

static DESCRIPTION: LazyLock<String> = LazyLock::new(json);

/// The description, as JSON.
pub(crate) fn json() -> String {
    // It is made of the code, so that it is JSON or there is no program.
    serde_json::to_string_pretty(&Api::openapi()).unwrap_or_default()
}

/// Gives the description.
pub(super) async fn description() -> impl axum::response::IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DESCRIPTION.as_str())
}
