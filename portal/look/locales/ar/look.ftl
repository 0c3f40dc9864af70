# ما يحيط بكل صفحة.
portal = حكومتي
page-title = { $title } – { $portal }
title-refused = خطأ:
owner = دولة فلسطين
skip-to-content = انتقل إلى المحتوى
other-language = English
your-visit = زيارتك
signed-in = الحساب:
signed-in-as = دخلت باسم { $name }
level = مستوى التحقق { $level }
account = حسابي
sign-out = تسجيل الخروج
about = عن البوابة
help = المساعدة والتواصل
accessibility = بيان سهولة الوصول
privacy = الخصوصية
refused-title = هناك ما يحتاج إلى تصحيح
error = خطأ:
day = اليوم
month = الشهر
year = السنة
password-show = إظهار
password-hide = إخفاء
passkey-failed = لم يكتمل الدخول بمفتاح المرور. حاول مرة أخرى أو اختر طريقة أخرى.
change = تغيير
pages = الصفحات
previous-page = السابق
next-page = التالي
step-passed = (تم)
copy = نسخ
copied = تم النسخ
back = رجوع
minutes =
    { $count ->
        [zero] أقل من دقيقة
        [one] دقيقة واحدة
        [two] دقيقتان
        [few] { $count } دقائق
        [many] { $count } دقيقة
       *[other] { $count } دقيقة
    }
search = بحث

# حين لا تؤدي الطريق إلى صفحة: ما الذي حدث، وما الخطوة التالية.
fault-not-found = لا توجد صفحة بهذا العنوان
fault-not-found-text = راجع العنوان إن كنت كتبته بنفسك، أو ابدأ من الصفحة الأولى.
fault-malformed = لم نفهم هذا الطلب
fault-malformed-text = في الرابط الذي أوصلك إلى هنا خطأ ليس منك. عُد إلى الخدمة التي جئت منها وابدأ من جديد.
fault-not-allowed = ليست لديك صلاحية لهذه الصفحة
fault-not-allowed-text = إن كان هذا ضمن عملك فاطلب الصلاحية من مسؤول النظام في جهتك.
fault-expired = انتهت مهلة هذه الصفحة
fault-expired-text = حمايةً لك لا تبقى الصفحة مفتوحة طويلًا. لم يُرسَل شيء؛ ابدأ من جديد.
fault-too-many = محاولات كثيرة
fault-too-many-text = حمايةً لحسابك أوقفنا المحاولات قليلًا. انتظر بضع دقائق ثم حاول مرة أخرى.
fault-failed = حدث خطأ لدينا
fault-failed-text = الخطأ منا لا منك، وقد سُجِّل. حاول مرة أخرى بعد قليل.
fault-unavailable = الخدمة متوقفة الآن
fault-unavailable-text = نعمل على إعادتها. حاول مرة أخرى بعد بضع دقائق.
fault-reference = الرقم المرجعي عند طلب المساعدة:
fault-again = المحاولة من جديد
fault-home = الصفحة الأولى
