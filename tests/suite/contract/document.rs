//! The contract's YAML as a judge: which operation a request is of, and what is wrong with it or with its answer.
//!
//! OpenAPI 3.0 writes `nullable`, which JSON Schema does not know, so types and enums get their null first. The rule: what
//! the YAML does not name (a path, a parameter, a status, a media type) is a fault, never passed over.

use std::fs;
use std::path::Path;

use jsonschema::Validator;
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::recorder::Exchange;

/// The YAML, read and rewritten.
pub(crate) struct Contract {
    whole: Value,
}

/// An operation of the YAML.
pub(crate) struct Described<'c> {
    pub(crate) id: &'c str,
    pub(crate) path: &'c str,
    operation: &'c Value,
}

impl Contract {
    pub(crate) fn read() -> Contract {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/openapi.yaml");
        let mut whole: Value = serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        rewrite(&mut whole);
        Contract { whole }
    }

    /// Ids of all operations, sorted.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let paths = self.whole["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap());
        let mut ids: Vec<&str> = paths.flat_map(Map::values).filter_map(|one| one["operationId"].as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// The operation of a method and path; a path without fields wins over one with.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Described<'_>> {
        let paths = self.whole["paths"].as_object().unwrap();
        let (path, item) =
            paths.get_key_value(path).or_else(|| paths.iter().find(|(pattern, _)| fits(pattern, path)))?;
        let operation = item.get(method.to_lowercase())?;
        Some(Described { id: operation["operationId"].as_str().unwrap(), path, operation })
    }

    /// What a reference stands for.
    fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.whole.pointer(&reference[1..]).unwrap(),
            None => value,
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let document = json!({"allOf": [schema], "components": self.whole["components"]});
        jsonschema::options().should_validate_formats(true).build(&document).unwrap()
    }

    /// What is wrong with a value by a schema of the YAML.
    fn judge(&self, what: &str, schema: &Value, value: &Value, faults: &mut Vec<String>) {
        for error in self.validator(schema).iter_errors(value) {
            faults.push(format!("{what}{}: {error}", error.instance_path()));
        }
    }

    /// What is wrong with a request.
    pub(crate) fn faults_of_request(&self, exchange: &Exchange) -> Vec<String> {
        let mut faults = Vec::new();
        let Some(described) = self.find(&exchange.method, &exchange.path) else {
            return vec![format!("{} {} is not in the contract", exchange.method, exchange.path)];
        };
        self.judge_query(&described, exchange, &mut faults);
        let scheme = if described.operation.get("security").is_some() { "Basic " } else { "Bearer " };
        if !exchange.header("authorization").starts_with(scheme) {
            faults.push(format!("the authorization is not {scheme}"));
        }
        self.judge_body(&described, exchange, &mut faults);
        faults
    }

    fn judge_query(&self, described: &Described<'_>, exchange: &Exchange, faults: &mut Vec<String>) {
        let parameters: Vec<&Value> = described.operation["parameters"].as_array().map_or_else(Vec::new, |list| {
            list.iter().map(|parameter| self.resolved(parameter)).filter(|one| one["in"] == "query").collect()
        });
        let url = Url::parse(&format!("http://x/?{}", exchange.query)).unwrap();
        let given: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        for parameter in &parameters {
            if parameter["required"] == true && !given.iter().any(|(name, _)| parameter["name"] == **name) {
                faults.push(format!("the query lacks {}", parameter["name"]));
            }
        }
        for (name, text) in &given {
            match parameters.iter().find(|parameter| parameter["name"] == **name) {
                Some(parameter) => {
                    let schema = &parameter["schema"];
                    let number = (schema["type"] == "integer").then(|| text.parse::<i64>().ok()).flatten();
                    let value = number.map_or_else(|| json!(text), |number| json!(number));
                    self.judge(name, schema, &value, faults);
                }
                None => faults.push(format!("the query has {name}")),
            }
        }
    }

    fn judge_body(&self, described: &Described<'_>, exchange: &Exchange, faults: &mut Vec<String>) {
        let Some(body) = described.operation.get("requestBody") else {
            if !exchange.body.is_empty() {
                faults.push("there is a body".to_owned());
            }
            return;
        };
        let sent = exchange.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let Some(content) = body["content"].get(&sent) else {
            faults.push(format!("the body is {sent:?}"));
            return;
        };
        let value = match sent.as_str() {
            "application/json" => serde_json::from_slice(&exchange.body).unwrap_or(Value::Null),
            "multipart/form-data" => form(content, exchange, faults),
            _ => {
                let text = String::from_utf8_lossy(&exchange.body).into_owned();
                let url = Url::parse(&format!("http://x/?{text}")).unwrap();
                url.query_pairs().into_owned().map(|(name, text)| (name, json!(text))).collect::<Map<_, _>>().into()
            }
        };
        let schema = &content["schema"];
        self.judge("body", schema, &value, faults);
        let always = self.resolved(schema).get("x-arload-required").and_then(Value::as_array);
        for name in always.into_iter().flatten().filter_map(Value::as_str) {
            if value.get(name).is_none_or(Value::is_null) {
                faults.push(format!("the body lacks {name}"));
            }
        }
    }

    /// What is wrong with an answer.
    pub(crate) fn faults_of_reply(&self, exchange: &Exchange) -> Vec<String> {
        let mut faults = Vec::new();
        let described = self.find(&exchange.method, &exchange.path).expect("the request was of the contract");
        let Some(reply) = described.operation["responses"].get(exchange.status.to_string()) else {
            return vec![format!("{} may not answer {}", described.id, exchange.status)];
        };
        let Some(content) = self.resolved(reply)["content"].get(&exchange.reply_type) else {
            return vec![format!("{} may not answer {} as {:?}", described.id, exchange.status, exchange.reply_type)];
        };
        let value = if exchange.reply_type == "application/json" {
            serde_json::from_slice(&exchange.reply).unwrap_or_else(|_| json!("not JSON"))
        } else {
            json!(String::from_utf8_lossy(&exchange.reply))
        };
        self.judge("reply", &content["schema"], &value, &mut faults);
        faults
    }
}

impl Described<'_> {
    /// Whether it takes a body of JSON.
    pub(crate) fn takes_json(&self) -> bool {
        self.operation.pointer("/requestBody/content/application~1json").is_some()
    }

    /// Whether its path names a record.
    pub(crate) fn has_id(&self) -> bool {
        self.path.contains('{')
    }
}

/// The parts of an upload, each of a media type that the YAML names.
fn form(content: &Value, exchange: &Exchange, faults: &mut Vec<String>) -> Value {
    let boundary = exchange.header("content-type").split("boundary=").nth(1).unwrap_or_default();
    let text = String::from_utf8_lossy(&exchange.body).into_owned();
    let mut form = Map::new();
    for part in text.split(&format!("--{boundary}")).filter_map(|part| part.strip_prefix("\r\n")) {
        let (head, body) = part.split_once("\r\n\r\n").unwrap_or((part, ""));
        let name = head.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let types = content["encoding"][name]["contentType"].as_str().unwrap_or_default();
        let kind = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or_default();
        if !types.split(", ").any(|known| known == kind) {
            faults.push(format!("part {name} is {kind:?}"));
        }
        form.insert(name.to_owned(), json!(body.trim_end_matches("\r\n")));
    }
    form.into()
}

/// Whether a path is of a pattern of the YAML.
fn fits(pattern: &str, path: &str) -> bool {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let same = |(our, their): (&&str, &&str)| our == their || (our.starts_with('{') && !their.is_empty());
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
}

/// Gives types and enums that may be null their null.
fn rewrite(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(kind) = object.get_mut("type") {
                    *kind = json!([kind.clone(), "null"]);
                }
                if let Some(Value::Array(values)) = object.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            object.values_mut().for_each(rewrite);
        }
        Value::Array(list) => list.iter_mut().for_each(rewrite),
        _ => {}
    }
}
