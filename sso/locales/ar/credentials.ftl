# ما يثبت به الناس هويتهم: لماذا لا نقبله، وما العمل.
password-too-short =
    { $count ->
        [few] كلمة المرور أقصر من { $count } أحرف. اجعلها أطول: جملة من كلمات تعرفها أسهل حفظًا وأصعب تخمينًا.
       *[other] كلمة المرور أقصر من { $count } حرفًا. اجعلها أطول: جملة من كلمات تعرفها أسهل حفظًا وأصعب تخمينًا.
    }
password-too-long =
    { $count ->
       *[other] كلمة المرور أطول من { $count } حرفًا. اختر أقصر منها.
    }
password-common = هذه من كلمات المرور الشائعة التي تُجرَّب أولًا. اختر كلمات لا تجتمع عادة.
password-pattern = هذه حروف أو أرقام متتالية أو مكررة يسهل تخمينها. اختر كلمات لا تجتمع عادة.
password-personal = كلمة المرور مكوّنة من معلومات يعرفها غيرك عنك، مثل اسمك أو رقمك أو تاريخ ميلادك. اختر ما لا يعرفه أحد.
password-different = كلمتا المرور غير متطابقتين. اكتب الكلمة نفسها مرتين.
passkey-over = انتهت مهلة مفتاح المرور. اضغط الزر وحاول مرة أخرى.
passkey-invalid = لم نتمكن من التحقق من مفتاح المرور. حاول مرة أخرى أو اختر طريقة أخرى.
passkey-unknown = مفتاح المرور هذا غير مرتبط بهذا الحساب. اختر مفتاحًا آخر أو طريقة أخرى.
passkey-suspended = أوقفنا مفتاح المرور هذا لأن نسخة أخرى منه قد تكون موجودة. ادخل بطريقة أخرى، ثم احذفه من صفحة حسابك وأضف مفتاحًا جديدًا.
passkey-full = هذا المفتاح مضاف من قبل، أو بلغت أكبر عدد من المفاتيح. احذف مفتاحًا لا تستعمله ثم حاول مرة أخرى.
activity-signed-in = دخول بكلمة المرور
activity-signed-in-with-code = دخول بكلمة المرور ورمز
activity-signed-in-with-passkey = دخول بمفتاح مرور
activity-proven-again = إثبات الهوية مرة أخرى
activity-code-refused = كلمة مرور صحيحة ورموز خاطئة
activity-password-changed = تغيير كلمة المرور
activity-passkey-added = إضافة مفتاح مرور
activity-passkey-renamed = تسمية مفتاح مرور
activity-passkey-removed = حذف مفتاح مرور
activity-passkey-suspended = إيقاف مفتاح مرور قد تكون له نسخة
activity-totp-added = ربط تطبيق رموز
activity-totp-removed = فصل تطبيق الرموز
activity-recovery-codes-made = إصدار رموز استعادة جديدة
activity-recovery-code-used = استعمال رمز استعادة
activity-mobile-confirmed = تأكيد رقم الجوال لرموز الدخول
activity-mobile-removed = إيقاف رموز الدخول إلى الجوال
