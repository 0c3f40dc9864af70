//! Every path of administration for every role and scope, as one table: what each is answered.

use axum::http::{Method, StatusCode};
use sso::store::account::Account;
use sso::store::role::Role;

use super::{grant, office};
use crate::support::bed::{Bed, ISSUER};

suite! { every_path_answers_every_role_as_in_the_table }

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/authorisation.txt");

/// Who knocks: a name, and the roles with their scopes.
const PEOPLE: &[(&str, &[(Role, &str)])] = &[
    ("nobody", &[]),
    ("citizen", &[]),
    ("clerk", &[(Role::Clerk, "post-ramallah")]),
    ("supervisor", &[(Role::DeskSupervisor, "post-ramallah")]),
    ("finance", &[(Role::FinanceOfficer, "mol")]),
    ("mol-admin", &[(Role::DepartmentAdministrator, "mol")]),
    ("moh-admin", &[(Role::DepartmentAdministrator, "moh")]),
    ("both-admin", &[(Role::DepartmentAdministrator, "mol"), (Role::DepartmentAdministrator, "moh")]),
    ("auditor", &[(Role::Auditor, "")]),
    ("admin", &[(Role::Administrator, "")]),
];

async fn every_path_answers_every_role_as_in_the_table(bed: &Bed) {
    let paths = furnished(bed).await;
    let mut people = Vec::new();
    for (at, (name, roles)) in PEOPLE.iter().enumerate() {
        let account = bed.staff(20 + u32::try_from(at).expect("few"), roles).await;
        people.push((*name, account));
    }
    let mut table = format!("{:<36}", "");
    for (name, _) in &people {
        table.push_str(&format!(" {name:<10}"));
    }
    table = table.trim_end().to_owned() + "\n";
    for (method, shown, path, body) in &paths {
        let mut line = format!("{:<36}", format!("{method} {shown}"));
        for (name, account) in &people {
            let answer = knock(bed, (name, account), method, path, body).await;
            line.push_str(&format!(" {answer:<10}"));
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(TABLE, &table).expect("the table can be written");
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(committed == table, "UPDATE_EXPECT=1 rewrites {TABLE}; the code says:\n{table}");
}

/// One request of a person; 303 to the sign-in is `sign-in`.
async fn knock(
    bed: &Bed,
    (name, account): (&str, &Account),
    method: &Method,
    path: &str,
    body: &str,
) -> String {
    let mut browser = crate::support::browser::Browser::new(bed);
    if name != "nobody" {
        browser = bed.at_work(account).await;
    }
    let csrf = browser.get("/admin").await.field("csrf").unwrap_or_default();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", ISSUER),
        ("sec-fetch-site", "same-origin"),
    ];
    let body = if body.is_empty() { String::new() } else { format!("csrf={csrf}&{body}") };
    let answer = browser.send(method.clone(), path, &headers, body).await;
    match answer.status {
        StatusCode::SEE_OTHER if answer.location().starts_with("/sign-in") => "sign-in".to_owned(),
        status => status.as_u16().to_string(),
    }
}

/// The things that paths lead to: of labour, of health, of nobody in particular.
async fn furnished(bed: &Bed) -> Vec<(Method, String, String, String)> {
    let (maker, sso) = (bed.administrator(1).await, &bed.sso);
    let of_mol = bed.staff(2, &[(Role::FinanceOfficer, "mol")]).await;
    let of_moh = bed.staff(3, &[(Role::FinanceOfficer, "moh")]).await;
    let citizen = bed.citizen(4).await;
    bed.client("mol-client", Some("mol")).await;
    bed.client("moh-client", Some("moh")).await;
    bed.client("our-client", None).await;
    let mut tx = sso.db.begin().await.expect("begins");
    sso::store::office::add(&mut tx, &office("post-ramallah"), sso.now()).await.expect("added");
    tx.commit().await.expect("commits");
    let mol = bed.proposed(&maker, &grant(&citizen, Role::FinanceOfficer, "mol")).await;
    let moh = bed.proposed(&maker, &grant(&citizen, Role::FinanceOfficer, "moh")).await;
    let all = bed.proposed(&maker, &grant(&citizen, Role::Auditor, "")).await;
    let account = |account: &Account| format!("/admin/account/{}", sso.public_ids.show("acc", account.id));
    let change = |id| format!("/admin/change/{}", sso.public_ids.show("chg", id));

    let get = |shown: &str, path: &str| (Method::GET, shown.to_owned(), path.to_owned(), String::new());
    let same = |path: &str| get(path, path);
    let post = |shown: &str, path: &str, body: &str| {
        (Method::POST, shown.to_owned(), path.to_owned(), body.to_owned())
    };
    // Forms are sent with a reason that is too short: nothing is done, and who may would hear that (422).
    vec![
        same("/admin"),
        same("/admin/accounts"),
        post("/admin/accounts", "/admin/accounts", "kind=number&number=acc_x&reason=x"),
        get("/admin/account/(mol)", &account(&of_mol)),
        get("/admin/account/(moh)", &account(&of_moh)),
        get("/admin/account/(citizen)", &account(&citizen)),
        get("/admin/account/(nobody)", "/admin/account/acc_0000000000001A"),
        post("/admin/account/(mol) look", &account(&of_mol), "do=look&reason=x"),
        post("/admin/account/(moh) look", &account(&of_moh), "do=look&reason=x"),
        post("/admin/account/(mol) lock", &account(&of_mol), "do=lock&reason=x"),
        same("/admin/staff"),
        post("/admin/staff", "/admin/staff", "account=acc_x&role=auditor&scope=&reason=x"),
        same("/admin/clients"),
        same("/admin/clients/new"),
        post("/admin/clients/new", "/admin/clients/new", "client_id=a&reason=x"),
        same("/admin/client/mol-client"),
        same("/admin/client/moh-client"),
        same("/admin/client/our-client"),
        same("/admin/client/no-client"),
        post("/admin/client/(mol) suspend", "/admin/client/mol-client", "do=suspend&reason=x"),
        post("/admin/client/(moh) suspend", "/admin/client/moh-client", "do=suspend&reason=x"),
        post("/admin/client/(ours) suspend", "/admin/client/our-client", "do=suspend&reason=x"),
        same("/admin/client/mol-client/change"),
        same("/admin/client/moh-client/change"),
        post("/admin/client/(mol)/change", "/admin/client/mol-client/change", "reason=x"),
        post("/admin/client/(moh)/change", "/admin/client/moh-client/change", "reason=x"),
        same("/admin/offices"),
        same("/admin/offices/new"),
        post("/admin/offices/new", "/admin/offices/new", "code=a&reason=x"),
        same("/admin/office/post-ramallah"),
        same("/admin/office/no-office"),
        post("/admin/office/post-ramallah", "/admin/office/post-ramallah", "kind=post&reason=x"),
        same("/admin/changes"),
        get("/admin/change/(mol)", &change(mol)),
        get("/admin/change/(moh)", &change(moh)),
        get("/admin/change/(everywhere)", &change(all)),
        post("/admin/change/(mol) refuse", &change(mol), "do=refuse&reason=x"),
        post("/admin/change/(moh) refuse", &change(moh), "do=refuse&reason=x"),
        post("/admin/change/(everywhere) refuse", &change(all), "do=refuse&reason=x"),
        same("/admin/audit"),
    ]
}
