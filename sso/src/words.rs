//! The words of identity's pages, in `locales/`; those of `look` stand behind them.

look::fluent_templates::static_loader! {
    pub static WORDS = { locales: "./locales", fallback_language: "ar" };
}
