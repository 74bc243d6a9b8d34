"""Numbers of parameters of adapters, as PEFT counts them: `print_trainable_parameters`.

Run from the folder above with transformers 5.24.0 and PEFT 0.21.2; it printed
    token-dora (485, 2402)
    sequence-rslora (923, 2894)
    vectors-a (512, 19808)
"""
import peft
import transformers

for adapter, base, kind in [
    ("token-dora", "bert-token", transformers.AutoModelForTokenClassification),
    ("sequence-rslora", "bert-sequence", transformers.AutoModelForSequenceClassification),
    ("vectors-a", "bert", transformers.AutoModel),
]:
    model = kind.from_pretrained(f"checkpoints/{base}")
    model = peft.PeftModel.from_pretrained(model, f"adapters/{adapter}", is_trainable=True)
    print(adapter, model.get_nb_trainable_parameters())
