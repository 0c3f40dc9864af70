//! What the demo prints: commands that can be pasted as they are, in Arabic and English.

use std::fmt::Write;

use connectors::card_iso8583::sandbox::TEST_CARDS;

use super::folder::Files;
use super::{DemoBill, Offer, Options, TERMINAL};
use crate::commands::Credentials;

/// The whole text.
pub(super) fn text(options: &Options, files: &Files, offer: &Offer) -> String {
    let base = format!("http://127.0.0.1:{}", options.http_port);
    let ops = format!("http://127.0.0.1:{}", options.ops_port);
    let auth = "-H \"Authorization: Bearer $TOKEN\"";
    let json = "-H 'Content-Type: application/json'";
    let mut out = String::new();
    // Writing to a string does not fail.
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line("");
    line("The switch runs. Ctrl-C ends it. · المحوّل يعمل، و Ctrl-C ينهيه.");
    line(&format!(
        "Everything it made is in {}; start it again on the same data at any time.",
        files.folder.display()
    ));
    line("");
    heading(&mut line, "Addresses", "العناوين");
    line(&format!("  API and pages · الواجهة     {base}/      {base}/docs"));
    line(&format!("  health, metrics · المراقبة  {ops}/readyz?verbose      {ops}/metrics"));
    line(&format!("  PoS terminals · نقاط البيع  127.0.0.1:{} (ISO 8583)", options.pos_port));
    line("");
    heading(&mut line, "Bills to pay", "فواتير للدفع");
    for bill in &offer.bills {
        line(&bill_line(bill));
    }
    line("");
    heading(&mut line, "0. An access token, good for an hour here", "رمز وصول، صالح لساعة هنا");
    let Credentials { id, secret } = &offer.credentials;
    line(&format!(
        "TOKEN=$(curl -s -u {id}:{secret} -d grant_type=client_credentials {base}/oidc/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
    ));
    line("");
    let card_bill = offer.bills.first().map_or("", |bill| bill.id.as_str());
    heading(
        &mut line,
        "1. Pay by card; run it twice: the second answer is the first, replayed",
        "الدفع بالبطاقة؛ كرّره فيعود الجواب نفسه",
    );
    line(&format!(
        "curl -i {base}/v1/payments {auth} {json} -H 'Idempotency-Key: demo-{}-payment-1' -d '{{\"bill\":\"{card_bill}\",\"method\":\"card\",\"card\":\"{}\"}}'",
        offer.run, offer.card
    ));
    line("");
    heading(&mut line, "2. Another card: its token serves one payment", "بطاقة أخرى: رمزها لدفعة واحدة");
    line(&format!(
        "curl {base}/v1/cards {auth} {json} -d '{{\"pan\":\"4000000000000002\",\"expiry\":\"2912\"}}'"
    ));
    line("");
    heading(&mut line, "3. What became of a bill", "ما صار بالفاتورة");
    line(&format!("curl {base}/v1/bills/{card_bill} {auth}"));
    line("");
    heading(
        &mut line,
        &format!(
            "4. Cash at terminal {TERMINAL}: pay, the exact repeat, its reversal (0200, 0201, 0420; field 39 = 00 is approved)"
        ),
        "نقداً عند نقطة بيع: دفع، ثم التكرار نفسه، ثم العكس",
    );
    let nc = format!("| xxd -r -p | nc -w 2 127.0.0.1 {} | xxd", options.pos_port);
    line(&format!("echo {} {nc}", offer.pos.payment));
    line(&format!("echo {} {nc}", offer.pos.repeat));
    line(&format!("echo {} {nc}", offer.pos.reversal));
    line("");
    heading(&mut line, "Test cards of the sandbox, expiry 2912", "بطاقات التجربة");
    for card in &TEST_CARDS {
        line(&format!("  {}  {}", card.pan, card.what));
    }
    line("");
    out
}

fn heading(line: &mut impl FnMut(&str), en: &str, ar: &str) {
    line(&format!("# {en} · {ar}"));
}

fn bill_line(bill: &DemoBill) -> String {
    let (en, ar) = (&bill.service.name_en, &bill.service.name_ar);
    format!("  {}  {:>12}  {en} · {ar}", bill.id, bill.amount.to_string())
}
