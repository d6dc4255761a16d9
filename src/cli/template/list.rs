//! `template list`.
//!
//! ```text
//! order_sent  en  utility  approved  2 parameters
//! ```

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::{ANSWER_MAX_BYTES, Connection};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::words;
use crate::consent::sender::Quality;
use crate::consent::template::TemplateStatus;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{ListTemplatesRequest, Template};

const EXAMPLES: &str = "\
Example:
  consent-ledger template list --json";

/// List the account's templates as they are now, by name, then by language.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct List {
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = ListTemplatesRequest { account: self.connection.account, ..Default::default() };
        let mut count = 0_u64;
        loop {
            let page = client.list_templates(request.clone()).await?.into_inner();
            for template in &page.templates {
                count += 1;
                output.print(|| value(template), || text(template))?;
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        if count == 0 && !output.is_json() {
            Output::line("no templates")?;
        }
        Ok(Verdict::Yes)
    }
}

fn value(template: &Template) -> Value {
    json!({
        "name": template.name,
        "language": template.language,
        "category": words::category(template.category),
        "parameters": template.parameters,
        "status": TemplateStatus::from_number(template.status).map(TemplateStatus::as_str),
        "opt_in_request": template.opt_in_request,
        "quality": Quality::from_number(template.quality).map(Quality::as_str),
    })
}

fn text(template: &Template) -> String {
    let status =
        TemplateStatus::from_number(template.status).map_or_else(|| format!("status {}", template.status), |word| word.to_string());
    let parameters = words::counted(template.parameters.into(), "parameter", "parameters");
    let mut words = vec![template.name.clone(), template.language.clone(), words::category(template.category), status, parameters];
    words.extend(Quality::from_number(template.quality).map(|quality| format!("quality {quality}")));
    words.extend(template.opt_in_request.then(|| "opt-in request".to_owned()));
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_one_line() {
        let template = Template {
            name: "news".into(),
            language: "pt_BR".into(),
            category: 1,
            parameters: 1,
            status: 2,
            quality: 3,
            opt_in_request: true,
        };
        assert_eq!(text(&template), "news  pt_BR  marketing  paused  1 parameter  quality red  opt-in request");
    }
}
