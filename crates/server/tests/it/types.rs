//! The types of the web app, made of the description that the server gives of itself, so that the
//! app cannot drift from the code. Held against the file that is kept; `cargo xtask docs` writes it
//! anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;
use crate::stage::MemoryStage;

/// Where the app finds them.
const FILE: &str = "../../web/src/generated/api.ts";

#[tokio::test(start_paused = true)]
async fn the_web_app_has_the_types_that_the_server_describes() {
    let stage = MemoryStage::open(&[]).await;
    let described = Browser::connect(&stage).ask("GET /api/v1/openapi.json", &[], "").await.json();
    let written = types(&described["components"]["schemas"]);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    #[expect(clippy::disallowed_methods, reason = "whether the file is to be written anew")]
    if std::env::var("CONCLAVE_BLESS").is_ok() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == written, "web/src/generated/api.ts is not fresh: run `cargo xtask docs`");
}

/// All types, as TypeScript.
fn types(schemas: &Value) -> String {
    let mut out = String::from(
        "// What the server takes and gives, made of its code by `cargo xtask docs`. Change it there.\n",
    );
    for (name, schema) in sorted(schemas) {
        let comment = comment(schema, "");
        let written = type_of(schema, "");
        let _written = write!(out, "\n{comment}export type {name} = {written};\n");
    }
    out
}

fn sorted(object: &Value) -> BTreeMap<&str, &Value> {
    object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
}

fn comment(schema: &Value, indent: &str) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    // What would end the comment, and what only Rust has.
    let description = description.replace("*/", "").replace("[`", "`").replace("`]", "`");
    let words = description.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { words } else { format!("{indent}/** {words} */\n") }
}

/// A schema as a type, as far as ours go.
fn type_of(schema: &Value, indent: &str) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap().to_owned();
    }
    for (key, joined) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema[key].as_array() {
            let parts = parts.iter().map(|part| type_of(part, indent)).collect::<Vec<_>>();
            return if parts.len() == 1 {
                parts.concat()
            } else {
                format!("({})", parts.join(joined))
            };
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().map(|kind| plain(kind.as_str().unwrap(), schema, indent));
            kinds.collect::<Vec<_>>().join(" | ")
        }
        kind => plain(kind.as_str().unwrap_or_else(|| panic!("{schema}")), schema, indent),
    }
}

fn plain(kind: &str, schema: &Value, indent: &str) -> String {
    match kind {
        "string" | "boolean" | "null" => kind.to_owned(),
        "integer" | "number" => "number".to_owned(),
        "array" => format!("readonly {}[]", type_of(&schema["items"], indent)),
        "object" => {
            let required: Vec<&str> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let deeper = format!("{indent}  ");
            let mut out = String::from("{\n");
            for (name, property) in sorted(&schema["properties"]) {
                let may = if required.contains(&name) { "" } else { "?" };
                let (comment, written) = (comment(property, &deeper), type_of(property, &deeper));
                let _written = writeln!(out, "{comment}{deeper}readonly {name}{may}: {written};");
            }
            if out == "{\n" { "Record<string, never>".to_owned() } else { out + indent + "}" }
        }
        other => panic!("{other} in {schema}"),
    }
}
