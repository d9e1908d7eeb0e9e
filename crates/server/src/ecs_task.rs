//! The task of Amazon ECS that the process runs in: told in every line of its log, so that lines of many tasks
//! can be told apart.

use std::io;
use std::time::Duration;

use serde::Deserialize;

/// The endpoint is on the same machine; a start does not wait longer for it.
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);
/// A description has a few hundred bytes for each container.
const LONGEST_DESCRIPTION: u64 = 256 * 1024;

/// What the metadata endpoint says of the task, of that which stays the same for its life.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EcsTask {
    /// Its Amazon Resource Name.
    #[serde(rename = "TaskARN")]
    pub arn: String,
    /// The family of its task definition.
    pub family: String,
    /// The revision of its task definition.
    pub revision: String,
    /// Where it runs.
    #[serde(default)]
    pub availability_zone: String,
}

impl EcsTask {
    /// Asks the task metadata endpoint, version 4, at its address as ECS gives it.
    ///
    /// # Errors
    ///
    /// When it does not answer in time, or with something else.
    pub fn ask(endpoint: &str) -> io::Result<Self> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(TIME_TO_ANSWER))
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        let mut answer = agent.get(format!("{endpoint}/task")).call().map_err(io::Error::other)?;
        let text = answer.body_mut().with_config().limit(LONGEST_DESCRIPTION).read_to_string();
        Ok(serde_json::from_str(&text.map_err(io::Error::other)?)?)
    }

    /// The members that each JSON object of the log begins with, a comma at the end.
    #[must_use]
    pub fn log_fields(&self) -> String {
        let members = [
            ("ecs.task.arn", &self.arn),
            ("ecs.task.family", &self.family),
            ("ecs.task.revision", &self.revision),
            ("cloud.availability_zone", &self.availability_zone),
        ];
        members
            .map(|(name, value)| format!("\"{name}\":{},", serde_json::Value::from(value.as_str())))
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_members_of_a_json_object_whatever_the_endpoint_says() {
        let task = EcsTask {
            arn: "arn:aws:ecs:eu-central-1:123456789012:task/xkcdapp/1".to_owned(),
            family: "a \"family\"\n".to_owned(),
            revision: "7".to_owned(),
            availability_zone: String::new(),
        };
        let line = format!("{{{}\"event\":\"x\"}}", task.log_fields());
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["ecs.task.family"], "a \"family\"\n");
        assert_eq!((object["ecs.task.revision"].as_str(), object["event"].as_str()), (Some("7"), Some("x")));
    }
}
