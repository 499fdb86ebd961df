{#
    How unusual x events in one span are against y in another, `ratio` = span of x / span of y: the difference of variance-stabilised counts
    (Anscombe 1948, "The transformation of Poisson, binomial and negative-binomial data"; two-sample form: Huffman 1984, "An improved approximate
    two-sample Poisson test"). Standard normal when the rate has not changed; also right for the small counts a single company has.
#}
{% macro poisson_z(x, y, ratio) -%}
    2 * (sqrt({{ x }} + 0.375) - sqrt(({{ ratio }}) * ({{ y }} + 0.375))) / sqrt(1 + ({{ ratio }}))
{%- endmacro %}
