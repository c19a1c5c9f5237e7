"""Turn the rules that were named in the code into rows, with the reasons that moderators give often."""

from django.conf import settings
from django.db import migrations
from django.db.models import Min
from django.utils import timezone

# slug: titles and texts in English, Russian and Armenian.
RULES = {
    "sources": (
        ("Unsourced facts", "Say where your facts come from, so that a reader can check them."),
        ("Факты без источника", "Указывайте, откуда взяты факты, чтобы читатель мог их проверить."),
        ("Փաստեր առանց աղբյուրի", "Նշեք, թե որտեղից են փաստերը, որպեսզի ընթերցողը կարողանա ստուգել դրանք։"),
    ),
    "image": (
        ("Image used without permission", "Use only images that you may use, and name who made them."),
        (
            "Изображение без разрешения",
            "Используйте только те изображения, на которые у вас есть право, и указывайте автора.",
        ),
        (
            "Պատկեր առանց թույլտվության",
            "Օգտագործեք միայն այն պատկերները, որոնց իրավունքն ունեք, և նշեք հեղինակին։",
        ),
    ),
    "insult": (
        ("Insults or threats", "No insults, no threats and no calls to violence."),
        ("Оскорбления или угрозы", "Никаких оскорблений, угроз и призывов к насилию."),
        ("Վիրավորանք կամ սպառնալիք", "Ոչ մի վիրավորանք, սպառնալիք կամ բռնության կոչ։"),
    ),
    "privacy": (
        ("Private data about others", "Do not publish private data about others, such as addresses or telephone numbers."),
        (
            "Личные данные других людей",
            "Не публикуйте личные данные других людей, например адреса и номера телефонов.",
        ),
        (
            "Այլ մարդկանց անձնական տվյալներ",
            "Մի՛ հրապարակեք այլ մարդկանց անձնական տվյալներ, օրինակ՝ հասցեներ կամ հեռախոսահամարներ։",
        ),
    ),
    "advertising": (
        ("Hidden advertising", "No advertising in disguise. To advertise an article, use “Promote this post”."),
        ("Скрытая реклама", "Никакой скрытой рекламы. Чтобы продвинуть статью, нажмите «Продвинуть статью»."),
        ("Թաքնված գովազդ", "Ոչ մի թաքնված գովազդ։ Հոդվածը գովազդելու համար սեղմեք «Առաջ մղել հոդվածը»։"),
    ),
    "copy": (
        ("Copied text", "Write in your own words. Quote briefly, mark what is quoted and name the source."),
        (
            "Скопированный текст",
            "Пишите своими словами. Цитируйте кратко, выделяйте цитаты и называйте источник.",
        ),
        (
            "Պատճենված տեքստ",
            "Գրեք ձեր բառերով։ Մեջբերեք համառոտ, առանձնացրեք մեջբերումը և նշեք աղբյուրը։",
        ),
    ),
    "language": (
        ("Language or formatting", "Write so that others can read it: complete sentences, paragraphs and headings."),
        (
            "Язык или оформление",
            "Пишите так, чтобы другим было удобно читать: законченные предложения, абзацы, заголовки.",
        ),
        (
            "Լեզու կամ ձևավորում",
            "Գրեք այնպես, որ ուրիշներին հեշտ լինի կարդալ՝ ամբողջական նախադասություններ, պարբերություններ, վերնագրեր։",
        ),
    ),
    "other": (
        ("Other grounds", "What the law or the purpose of the site requires otherwise. The decision says what it is."),
        (
            "Иные основания",
            "Иные требования закона или цели сайта. В решении сказано, о чём идёт речь.",
        ),
        ("Այլ հիմքեր", "Օրենքի կամ կայքի նպատակի այլ պահանջներ։ Որոշման մեջ նշվում է, թե ինչի մասին է խոսքը։"),
    ),
}
# Title, slug of the rule, and the text in English, Russian and Armenian.
REASONS = (
    (
        "Name the sources",
        "sources",
        "Some facts have no source. Add a link or say how you know them, and submit the article again.",
        "У некоторых фактов нет источника. Добавьте ссылку или укажите, откуда вы это знаете, и отправьте статью снова.",
        "Որոշ փաստեր աղբյուր չունեն։ Ավելացրեք հղում կամ նշեք, թե որտեղից գիտեք, և նորից ուղարկեք հոդվածը։",
    ),
    (
        "Name who made the image",
        "image",
        "Say who made the image and under which licence you may use it, or choose another one.",
        "Укажите автора изображения и лицензию, по которой вы его используете, или выберите другое.",
        "Նշեք պատկերի հեղինակին և այն արտոնագիրը, որով այն օգտագործում եք, կամ ընտրեք մեկ այլ պատկեր։",
    ),
    (
        "Remove insults",
        "insult",
        "The text insults or threatens someone. Criticise what was done instead, and submit the article again.",
        "В тексте есть оскорбления или угрозы. Критикуйте поступки, а не людей, и отправьте статью снова.",
        "Տեքստում կա վիրավորանք կամ սպառնալիք։ Քննադատեք արարքը, ոչ թե մարդուն, և նորից ուղարկեք հոդվածը։",
    ),
    (
        "Remove private data",
        "privacy",
        "The text contains private data of others. Remove it, and submit the article again.",
        "В тексте есть личные данные других людей. Удалите их и отправьте статью снова.",
        "Տեքստում կան այլ մարդկանց անձնական տվյալներ։ Հեռացրեք դրանք և նորից ուղարկեք հոդվածը։",
    ),
    (
        "Remove advertising",
        "advertising",
        "The article advertises a product or a service. Remove the advertising and its links, and submit it again.",
        "Статья рекламирует товар или услугу. Уберите рекламу и ссылки на неё и отправьте статью снова.",
        "Հոդվածը գովազդում է ապրանք կամ ծառայություն։ Հեռացրեք գովազդը և դրա հղումները և նորից ուղարկեք հոդվածը։",
    ),
    (
        "Use your own words",
        "copy",
        "The text, or a large part of it, was published elsewhere before. Write it in your own words.",
        "Текст или большая его часть уже опубликованы в другом месте. Напишите своими словами.",
        "Տեքստը կամ դրա մեծ մասն արդեն հրապարակվել է այլ տեղ։ Գրեք ձեր բառերով։",
    ),
    (
        "Structure the text",
        "language",
        "The text is hard to read. Check the spelling, divide it into paragraphs and add headings.",
        "Текст трудно читать. Проверьте орфографию, разделите текст на абзацы и добавьте заголовки.",
        "Տեքստը դժվար է կարդալ։ Ստուգեք ուղղագրությունը, բաժանեք տեքստը պարբերությունների և ավելացրեք վերնագրեր։",
    ),
)
# The text of the rules of version 0.2, which listed what is in the rows now, and what introduces them instead.
FORMER_TEXT = """\
<p>Write what you know, in your own words, and sign it with your account.</p>
<ul>
<li>Say where your facts and pictures come from, and use only pictures that you may use.</li>
<li>No insults, no threats, no calls to violence, no private data of other people.</li>
<li>No advertising in disguise: to put an article forward, use “Promote this post”.</li>
</ul>
<p>Moderators give a reason with every decision. They never change your text without telling you.</p>
"""
INTRODUCTION = """\
<p>Write what you know, in your own words, and sign it with your account.</p>
<p>Moderators give a reason with every decision. They never change your text without telling you.</p>
"""
PERMISSIONS = {"rule": ("view", "add", "change"), "reason": ("view", "add", "change", "delete")}


def create_rules(apps, schema_editor):
    """Create the rules and reasons that do not exist, and have the decisions before cite them."""
    rules, versions, reasons, decisions = (
        apps.get_model("moderation", name).objects.all() for name in ("Rule", "RuleVersion", "Reason", "Decision")
    )
    begin = decisions.aggregate(first=Min("decided_at"))["first"] or timezone.now()
    for number, (slug, texts) in enumerate(RULES.items(), start=1):
        rule, is_new = rules.get_or_create(slug=slug, defaults={"number": number})
        if not is_new:
            continue
        columns = {}
        for suffix, (title, text) in zip(("", "_ru", "_hy"), texts):
            columns |= {f"title{suffix}": title, f"text{suffix}": text}
        version = versions.create(rule=rule, number=1, valid_from=begin, **columns)
        decisions.filter(rule=slug, rule_version=None).update(rule_version=version)
        for position, (title, of, *reason) in enumerate(REASONS, start=1):
            if of == slug:
                reason_columns = dict(zip(("text", "text_ru", "text_hy"), reason))
                reasons.create(rule=rule, position=position, title=title, **reason_columns)
    apps.get_model("core", "SiteSettings").objects.filter(rules=FORMER_TEXT).update(rules=INTRODUCTION)


def allow_moderators(apps, schema_editor):
    """Moderators write the rules, as they wrote their text in the settings before."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Moderators")
    for model, actions in PERMISSIONS.items():
        content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="moderation", model=model
        )
        for action in actions:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=f"{action}_{model}", defaults={"name": f"Can {action} {model}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0003_claims_and_rules"),
        ("core", "0006_rules_introduction"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(create_rules, migrations.RunPython.noop),
        migrations.RunPython(allow_moderators, migrations.RunPython.noop),
    ]
