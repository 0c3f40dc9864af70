//! Refresh families: one token in use, a second use of any ends all of them, on whichever node.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sso::Sso;
use sso::store::family;

use crate::support::bed::Bed;
use crate::support::browser::Answer;
use crate::support::party::{Party, claims};

suite! {
    a_token_is_good_once_and_its_second_use_ends_the_family,
    a_token_that_was_invented_ends_nothing,
    two_nodes_that_race_on_one_token_have_one_winner,
    a_hundred_families_rotate_at_one_moment,
    scopes_may_shrink_and_never_grow,
    a_family_ends_whatever_was_rotated,
    what_a_client_gives_back_is_over,
    what_is_over_is_forgotten_and_nothing_else,
}

async fn refresh(bed: &Bed, party: &Party, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    party.send(bed, party.ask_of_refresh(bed, token)).await
}

async fn a_token_is_good_once_and_its_second_use_ends_the_family(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let first = party.tokens(bed, &person, "openid bills:read").await;
    let second = refresh(bed, &party, &first).await.json();
    let third = refresh(bed, &party, &second).await;
    assert_eq!(third.status, 200, "{}", third.text);
    let stolen = refresh(bed, &party, &first).await;
    assert_eq!((stolen.status.as_u16(), &stolen.json()["error"]), (400, &json!("invalid_grant")));
    let after = refresh(bed, &party, &third.json()).await;
    assert_eq!(after.json()["error"], "invalid_grant", "the thief and the robbed both begin again");
    let introspected = introspect(bed, &party, &third.json()["access_token"]).await;
    assert_eq!(introspected, json!({ "active": false }), "access tokens of the family are over too");
    let head = switch_store::audit_log::head(&bed.sso.db).await.expect("read");
    assert!(head.seq >= 1, "it is written down");
}

async fn introspect(bed: &Bed, party: &Party, token: &Value) -> Value {
    let token = token.as_str().expect("a token");
    let answer = party.send(bed, party.ask(bed, "/oidc/introspect", &[("token", token)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn a_token_that_was_invented_ends_nothing(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid").await;
    let real = tokens["refresh_token"].as_str().expect("one");
    let (name, secret) = real.split_once('.').expect("two parts");
    let other = party.tokens(bed, &person, "openid").await;
    let other_secret =
        other["refresh_token"].as_str().and_then(|text| text.split_once('.')).expect("parts").1;
    let flipped = |text: &str| format!("{}{}", if text.starts_with('A') { "B" } else { "A" }, &text[1..]);
    for invented in [
        format!("{name}.{}", flipped(secret)),
        format!("{name}.{other_secret}"),
        format!("{name}.{}", &secret[..secret.len() - 1]),
        format!("{name}.{secret}A"),
        name.to_owned(),
    ] {
        let answer = refresh(bed, &party, &json!({ "refresh_token": invented })).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{invented}");
    }
    assert_eq!(refresh(bed, &party, &tokens).await.status, 200, "the family goes on");
}

async fn two_nodes_that_race_on_one_token_have_one_winner(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let nodes: [Arc<Sso>; 2] = [Arc::clone(&bed.sso), bed.another_node()];
    for round in 0..10 {
        let tokens = party.tokens(bed, &person, "openid bills:read").await;
        let token = tokens["refresh_token"].as_str().expect("one");
        let asks = nodes.iter().map(|node| party.send_to(node, party.ask_of_refresh(bed, token)));
        let answers = join_all(asks).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        let lost = answers.iter().find(|answer| answer.status != 200).expect("the other");
        assert_eq!(lost.json()["error"], "invalid_grant");
        // Nobody knows which of the two is the thief: the family has ended for the winner too.
        let after = refresh(bed, &party, &won[0].json()).await;
        assert_eq!(after.json()["error"], "invalid_grant", "round {round}");
        let grant = claims(&won[0].json()["access_token"])["grant_id"].as_str().map(str::to_owned);
        let id = bed.sso.public_ids.read("grt", &grant.expect("a grant")).expect("ours");
        let standing = family::find(&bed.sso.db, id, bed.sso.now()).await.expect("read").expect("there");
        assert!(standing.is_revoked);
    }
}

async fn a_hundred_families_rotate_at_one_moment(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let mut families = Vec::new();
    for _ in 0..20 {
        families.push(party.tokens(bed, &person, "openid").await);
    }
    for _ in 0..5 {
        let answers = join_all(families.iter().map(|tokens| refresh(bed, &party, tokens))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
        families = answers.iter().map(Answer::json).collect();
    }
    let same = &families[0];
    let answers = join_all((0..20).map(|_| refresh(bed, &party, same))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "of twenty in one group");
}

async fn scopes_may_shrink_and_never_grow(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid bills:read payments:write").await;
    let token = tokens["refresh_token"].as_str().expect("one").to_owned();
    let with = |token: &str, name: &str, value: &str| {
        let mut ask = party.ask_of_refresh(bed, token);
        ask.set(name, value);
        ask
    };
    for scope in ["profile", "openid profile", "cards:write", "x"] {
        let answer = party.send(bed, with(&token, "scope", scope)).await;
        assert_eq!(answer.json()["error"], "invalid_scope", "{scope}");
    }
    let narrow = party.send(bed, with(&token, "scope", "bills:read")).await.json();
    assert_eq!(
        (&narrow["scope"], &claims(&narrow["access_token"])["aud"]),
        (&json!("bills:read"), &json!("https://id.example.ps/v1"))
    );
    let next = narrow["refresh_token"].as_str().expect("one");
    let userinfo = party.send(bed, with(next, "resource", "https://id.example.ps")).await.json();
    assert_eq!(
        (&userinfo["scope"], &claims(&userinfo["access_token"])["aud"]),
        (&json!("openid"), &json!("https://id.example.ps")),
        "the grant itself did not shrink"
    );
}

async fn a_family_ends_whatever_was_rotated(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let mut tokens = party.tokens(bed, &person, "openid offline_access").await;
    let days = bed.sso.settings.refresh_s / 86_400;
    for _ in 1..days {
        bed.clock.pass_ms(86_400_000);
        tokens = refresh(bed, &party, &tokens).await.json();
    }
    bed.clock.pass_ms(86_400_000);
    assert_eq!(refresh(bed, &party, &tokens).await.json()["error"], "invalid_grant");
}

async fn what_a_client_gives_back_is_over(bed: &Bed) {
    let (party, other, person) = (Party::plain(bed).await, Party::plain(bed).await, bed.citizen(1).await);
    let revoke = async |party: &Party, token: &Value| {
        let token = token.as_str().expect("a token");
        party.send(bed, party.ask(bed, "/oidc/revoke", &[("token", token)])).await
    };
    let tokens = party.tokens(bed, &person, "openid bills:read").await;
    let (access, long) = (&tokens["access_token"], &tokens["refresh_token"]);
    for token in [access, long] {
        let live = introspect(bed, &party, token).await;
        assert_eq!((&live["active"], &live["client_id"]), (&json!(true), &json!(party.client.id)));
        assert_eq!(introspect(bed, &other, token).await, json!({ "active": false }), "not its business");
        assert_eq!(revoke(&other, token).await.json()["error"], "unauthorized_client");
    }
    assert_eq!(revoke(&party, access).await.status, 200);
    assert_eq!(introspect(bed, &party, access).await["active"], json!(false));
    assert_eq!(introspect(bed, &party, long).await["active"], json!(true), "an access token ends alone");
    assert_eq!(revoke(&party, long).await.status, 200);
    assert_eq!(refresh(bed, &party, &tokens).await.json()["error"], "invalid_grant");
    assert_eq!(revoke(&party, &json!("never.was.one")).await.status, 200);
    let none = party.send(bed, party.ask(bed, "/oidc/revoke", &[])).await;
    assert_eq!(none.json()["error"], "invalid_request");
}

async fn what_is_over_is_forgotten_and_nothing_else(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid").await;
    let ask = party.ask_of_code(bed, &code);
    let (assertion, proofs) = (ask.assertion.clone(), ask.proofs.clone());
    assert_eq!(party.send(bed, ask).await.status, 200);
    bed.sso.forget_old_tokens().await.expect("forgotten");
    let mut again = party.ask_of_code(bed, &code);
    again.assertion = assertion;
    assert_eq!(party.send(bed, again).await.json()["error"], "invalid_client", "still known");
    let mut again = party.ask_of_code(bed, &code);
    again.proofs = proofs;
    assert_eq!(party.send(bed, again).await.json()["error"], "invalid_dpop_proof", "still known");
    bed.clock.pass_ms(3_600_000);
    bed.sso.forget_old_tokens().await.expect("forgotten");
    let second = party.send(bed, party.ask_of_code(bed, &code)).await.json();
    assert_eq!(second["error_description"], "code was used before; what was made from it is revoked");
    bed.clock.pass_ms(86_400_000);
    bed.sso.forget_old_tokens().await.expect("forgotten");
    let third = party.send(bed, party.ask_of_code(bed, &code)).await.json();
    assert_eq!(third["error_description"], "code is not known, or it is over");
}
