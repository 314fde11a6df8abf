package kr.example.wallet.app

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.text.InputFilter
import android.text.InputType
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.view.inputmethod.EditorInfo
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.TextView
import java.nio.CharBuffer

/** What every screen is built of. Sizes grow with the system's font: nothing has a fixed height that holds text. */
internal class Blocks(
    val context: Context,
) {
    fun dp(value: Int): Int =
        TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_DIP, value.toFloat(), context.resources.displayMetrics).toInt()

    fun colour(id: Int): Int = context.getColor(id)

    fun text(
        id: Int,
        vararg values: Any,
    ): String = context.getString(id, *values)

    fun column(vararg children: View): LinearLayout =
        LinearLayout(context).apply {
            orientation = LinearLayout.VERTICAL
            children.forEach { addView(it, below(if (childCount == 0) 0 else GAP)) }
        }

    /** A page that scrolls, with the usual margins. */
    fun page(vararg children: View): ScrollView =
        ScrollView(context).apply {
            isFillViewport = true
            addView(column(*children).apply { setPadding(dp(MARGIN), dp(GAP), dp(MARGIN), dp(MARGIN)) })
        }

    fun heading(words: String = ""): TextView =
        words(words, 22f).apply {
            typeface = Typeface.DEFAULT_BOLD
            isAccessibilityHeading = true
        }

    fun subheading(words: String = ""): TextView =
        words(words, 17f).apply {
            typeface = Typeface.DEFAULT_BOLD
            isAccessibilityHeading = true
        }

    fun body(words: String = ""): TextView = words(words, 16f)

    fun quiet(words: String = ""): TextView = words(words, 14f).apply { setTextColor(colour(R.color.quiet)) }

    /** A text that changes while it is looked at: screen readers say it when it does. */
    fun status(words: String = ""): TextView =
        subheading(words).apply {
            isAccessibilityHeading = false
            accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        }

    fun warning(words: String = ""): TextView =
        words(words, 15f).apply {
            setTextColor(colour(R.color.warning))
            background = box(R.color.warning_tint)
            setPadding(dp(14), dp(10), dp(14), dp(10))
        }

    fun primary(
        words: String,
        click: () -> Unit,
    ): Button =
        button(words, click).apply {
            setTextColor(colour(R.color.on_primary))
            background = pressable(box(R.color.primary))
        }

    fun secondary(
        words: String,
        click: () -> Unit,
    ): Button =
        button(words, click).apply {
            setTextColor(colour(R.color.primary))
            background = pressable(box(R.color.paper).apply { setStroke(dp(1), colour(R.color.primary)) })
        }

    /** A field for digits that the keyboard learns nothing from and that is not saved with the screen. */
    fun digits(length: Int?): EditText =
        field().apply {
            takes(true, length)
            letterSpacing = 0.3f
            setTextSize(TypedValue.COMPLEX_UNIT_SP, 24f)
            isSaveEnabled = false
        }

    fun field(): EditText =
        EditText(context).apply {
            setTextColor(colour(R.color.ink))
            setTextSize(TypedValue.COMPLEX_UNIT_SP, 16f)
            minHeight = dp(TOUCH)
            importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO
            imeOptions = EditorInfo.IME_ACTION_DONE or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING or EditorInfo.IME_FLAG_NO_EXTRACT_UI
        }

    fun bar(): ProgressBar =
        ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal).apply {
            max = 100
            progressTintList = ColorStateList.valueOf(colour(R.color.primary))
            minimumHeight = dp(12)
        }

    fun box(
        fill: Int,
        stroke: Int? = null,
    ): GradientDrawable =
        GradientDrawable().apply {
            cornerRadius = dp(12).toFloat()
            setColor(colour(fill))
            stroke?.let { setStroke(dp(1), colour(it)) }
        }

    fun below(gap: Int): LinearLayout.LayoutParams = LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = dp(gap) }

    private fun button(
        words: String,
        click: () -> Unit,
    ) = Button(context).apply {
        text = words
        isAllCaps = false
        stateListAnimator = null
        setTextSize(TypedValue.COMPLEX_UNIT_SP, 17f)
        minHeight = dp(52)
        gravity = Gravity.CENTER
        setPadding(dp(16), dp(10), dp(16), dp(10))
        // What lies under another app's window is not pressed.
        filterTouchesWhenObscured = true
        setOnClickListener { click() }
    }

    private fun pressable(content: Drawable) = RippleDrawable(ColorStateList.valueOf(colour(R.color.line)), content, null)

    private fun words(
        words: String,
        size: Float,
    ) = TextView(context).apply {
        text = words
        setTextColor(colour(R.color.ink))
        setTextSize(TypedValue.COMPLEX_UNIT_SP, size)
        setLineSpacing(0f, 1.15f)
    }

    companion object {
        const val MARGIN = 20
        const val GAP = 12

        /** The least height of what is touched. */
        const val TOUCH = 48
    }
}

/** There, or gone. */
internal var View.isThere: Boolean
    get() = visibility == View.VISIBLE
    set(there) {
        visibility = if (there) View.VISIBLE else View.GONE
    }

/** Sets the words only when they change, so that a screen reader does not say the same again. */
internal fun TextView.say(words: CharSequence) {
    if (text.toString() != words.toString()) text = words
}

/** With a capital letter, where a language has them: the core's words stand in sentences too. */
internal fun String.asLine(): String = replaceFirstChar { it.titlecase() }

/** As many characters as [length] says, where it says; digits alone where they are [numeric]. Nothing is made of what was typed. */
internal fun EditText.takes(
    numeric: Boolean,
    length: Int?,
) {
    val letters = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD
    inputType = if (numeric) InputType.TYPE_CLASS_NUMBER else letters
    filters = listOfNotNull(length?.let { InputFilter.LengthFilter(it) }).toTypedArray()
}

/** What was typed as UTF-8, taken out of the field. */
internal fun EditText.take(): ByteArray {
    // Not by a string, which would stay in memory.
    val encoded = Charsets.UTF_8.encode(CharBuffer.wrap(text))
    val typed = ByteArray(encoded.remaining()).also(encoded::get)
    if (encoded.hasArray()) encoded.array().fill(0)
    text.clear()
    return typed
}

/** Every view in it, itself included. */
internal fun View.all(): Sequence<View> =
    sequence {
        yield(this@all)
        if (this@all is ViewGroup) for (index in 0 until childCount) yieldAll(getChildAt(index).all())
    }
