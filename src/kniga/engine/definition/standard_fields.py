"""The fields of deals and clients that conditions may use before any custom field is added."""

from kniga.rules import FieldRegistry, FieldSpec

STANDARD_FIELDS: FieldRegistry = {
    spec.key: spec
    for spec in (
        FieldSpec("deal.amount", "money", "Deal amount", "Сумма сделки"),
        FieldSpec("deal.discount", "number", "Discount, %", "Скидка, %"),
        FieldSpec("deal.source", "text", "Deal source", "Источник сделки"),
        FieldSpec("deal.expected_date", "date", "Expected closing date", "Ожидаемая дата закрытия"),
        FieldSpec("client.kind", "choice", "Kind of client", "Вид клиента"),
        FieldSpec("client.region", "text", "Client's region", "Регион клиента"),
        FieldSpec("client.industry", "text", "Client's industry", "Отрасль клиента"),
        FieldSpec("client.source", "text", "Client's source", "Источник клиента"),
        FieldSpec("client.headcount", "number", "Client's head count", "Численность сотрудников клиента"),
        FieldSpec("client.contacts", "multi_choice", "Client's contacts", "Контакты клиента"),
        FieldSpec("client.is_customer", "boolean", "Has bought before", "Уже покупал"),
    )
}
