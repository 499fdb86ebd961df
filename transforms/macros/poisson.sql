{#
    How unusual x events in one span are against y in another, `ratio` = span of x / span of y: the difference of variance-stabilised counts
    (Anscombe 1948, "The transformation of Poisson, binomial and negative-binomial data"; two-sample form: Huffman 1984, "An improved approximate
    two-sample Poisson test"). Standard normal when the rate has not changed; also right for the small counts a single company has.
#}
{% macro poisson_z(x, y, ratio) -%}
    2 * (sqrt({{ x }} + 0.375) - sqrt(({{ ratio }}) * ({{ y }} + 0.375))) / sqrt(1 + ({{ ratio }}))
{%- endmacro %}

{#
    The counts in one span that poisson_z finds nothing unusual about, `y` being the count of another span and `ratio` = span / that span: the test
    above turned round, so that a count is outside the band exactly when |z| > 1.96. As a prediction interval it carries the noise of the
    baseline too, unlike expected +- 2 sqrt(expected) (Krishnamoorthy and Peng 2011, "Improved closed-form prediction intervals for binomial and Poisson
    distributions", compare it with others). How often chance leaves it is measured in tests/integration/transforms/test_statistics.py.
#}
{% macro poisson_band_lower(y, ratio) -%}
    greatest(0, power(greatest(0, sqrt(({{ ratio }}) * ({{ y }} + 0.375)) - 0.979982 * sqrt(1 + ({{ ratio }}))), 2) - 0.375)
{%- endmacro %}

{% macro poisson_band_upper(y, ratio) -%}
    (power(sqrt(({{ ratio }}) * ({{ y }} + 0.375)) + 0.979982 * sqrt(1 + ({{ ratio }})), 2) - 0.375)
{%- endmacro %}
