{#
    Where a record is shown in HubSpot: as HubSpot says it, else put together from the portal's own host, which knows its region; null where the
    portal is unknown. HubSpot numbers its kinds of records: 0-2 are companies, 0-5 tickets.
#}
{% macro record_url(url, portal, kind, record_id) -%}
    coalesce(
        {{ url }},
        'https://' || coalesce({{ portal }}.ui_domain, 'app.hubspot.com') || '/contacts/' || {{ portal }}.portal_id
        || '/record/{{ kind }}/' || {{ record_id }}
    )
{%- endmacro %}
