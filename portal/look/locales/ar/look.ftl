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
